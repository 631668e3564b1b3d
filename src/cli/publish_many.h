// `pub` of many messages on the fast lane: the files of a folder, or the lines of a file or pipe.
//
// Threading: one thread. Errors: as client/batch_publisher.h and client/upload.h; a refused batch names the file or
// line. Limits: batches of 500 messages or 1 MiB, 16 in flight.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "cli/client/connection.h"
#include "cli/publish_request.h"

namespace mts::cli {

struct PublishedMany {
  uint64_t messages = 0;    // stored now
  uint64_t duplicates = 0;  // were there already
  uint64_t bytes = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  uint64_t unreadable = 0;
};

// Each regular file below `path`, with its relative name in the header `filename`.
absl::StatusOr<PublishedMany> PublishFolder(const Connection& connection, const PublishOptions& options,
                                            const std::string& path);
// Each line of `fd` (without its line break) as a message; what is there goes out at once.
absl::StatusOr<PublishedMany> PublishLines(const Connection& connection, const PublishOptions& options, int fd);

}  // namespace mts::cli
