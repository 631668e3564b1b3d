// `pub` of one message: text, the standard input, or one file; of any size.
//
// Threading: one thread. Errors: as client/upload.h.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/client/connection.h"
#include "cli/publish_request.h"

namespace mts::cli {

struct PublishedMessage {
  pb::PublishResponse response;
  uint64_t size = 0;
  bool size_known = true;
};

absl::StatusOr<PublishedMessage> PublishText(const Connection& connection, const PublishOptions& options,
                                             std::string text);
// Up to 1 MiB as one message, more as an upload while it is being read.
absl::StatusOr<PublishedMessage> PublishStandardInput(const Connection& connection, const PublishOptions& options);
absl::StatusOr<PublishedMessage> PublishFile(const Connection& connection, const PublishOptions& options,
                                             const std::string& path);

}  // namespace mts::cli
