// Receives one payload, or a range of it, of any size: after a broken connection it goes on where it was, and what
// reaches the payload's end is checked against its checksum.
//
// Threading: one thread. Errors: what the sink returns; DATA_LOSS where the checksum does not agree; the server's
// refusals; CANCELLED after a signal.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cli/client/connection.h"
#include "cli/terminal/progress.h"

namespace mts::cli {

struct DownloadRange {
  std::string subject;
  uint64_t sequence = 0;
  uint64_t offset = 0;
  uint64_t length = 0;  // 0: to the end
  // CRC32C of the bytes before `offset`, where they are known: the whole is checked then.
  std::optional<uint32_t> crc_before;
};

using DownloadSink = std::function<absl::Status(std::string_view)>;

struct DownloadProgress {
  Progress& progress;
  std::string what;         // shown in its line
  bool sets_total = false;  // the bar is about this payload alone
};

absl::Status DownloadPayload(const Connection& connection, const DownloadRange& range, const DownloadSink& sink,
                             const DownloadProgress& progress);

}  // namespace mts::cli
