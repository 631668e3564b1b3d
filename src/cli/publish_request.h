// What the options of `pub` say about every message.
//
// Threading: a value. Errors: usage errors for headers and ids that cannot be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client/connection.h"

namespace mts::cli {

struct PublishOptions {
  std::string subject;
  std::vector<std::string> headers;  // "key=value"
  std::string message_id;
  std::optional<uint64_t> expected_last_sequence;
};

// A message with subject, headers and condition; without data and id.
absl::StatusOr<pb::PublishRequest> RequestTemplate(const PublishOptions& options);

}  // namespace mts::cli
