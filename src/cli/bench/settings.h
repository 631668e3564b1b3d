// What a benchmark does: set by the options of `bench`, printed with its result.
//
// Threading: a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/client/connection.h"
#include "cli/terminal/json.h"

namespace mts::cli {

enum class Work {
  kPublish,
  kPublishBatch,
  kPublishStream,
  kFetch,
  kFetchBatch,
  kFirst,
  kSubscribe,
  kUpload,
  kDownload
};
enum class TargetKind { kServer, kNull, kEmbedded };

struct BenchSettings {
  Work work = Work::kPublish;

  TargetKind target = TargetKind::kServer;
  std::string data_dir;                       // kEmbedded
  std::vector<std::string> server_arguments;  // of the server that is started
  bool keep_data = false;
  int server_pid = 0;
  ServerAddresses addresses;

  std::string subject = "bench";
  uint64_t subjects = 1;
  uint64_t size = 256;
  uint64_t batch = 500;
  uint64_t in_flight = 0;  // 0: the work's default
  uint64_t streams = 1;
  uint64_t connections = 1;
  uint64_t threads = 1;
  uint64_t subscribers = 1000;
  double rate = 0;  // 0: closed loop; messages (subscribe: publishes) a second
  absl::Duration duration = absl::Seconds(10);
  absl::Duration warm_up = absl::Seconds(2);
  uint64_t count = 1;      // of uploads and downloads
  uint64_t fill = 0;       // messages published before reading begins
  uint64_t sequence = 0;   // download: this message
  uint64_t max_bytes = 0;  // of one fetched batch
  bool message_ids = false;
  bool parse = false;
  bool verify = false;
  bool acknowledge = true;

  bool open_loop() const { return rate > 0; }
};

// Names as in the option and the result.
std::string_view NameOf(Work work);
std::string_view NameOf(TargetKind target);

// Fills in the work's defaults; a usage error for what does not go together.
absl::Status CompleteSettings(BenchSettings& settings);

// "bench", or "bench.17" where there are several.
std::string SubjectName(const BenchSettings& settings, uint64_t index);

void AddSettings(JsonObject& object, const BenchSettings& settings);

}  // namespace mts::cli
