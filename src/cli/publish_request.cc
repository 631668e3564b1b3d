#include "cli/publish_request.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/terminal/exit_code.h"
#include "model/subject.h"

namespace mts::cli {

absl::StatusOr<pb::PublishRequest> RequestTemplate(const PublishOptions& options) {
  pb::PublishRequest request;
  request.set_subject(options.subject);
  for (const std::string& header : options.headers) {
    const size_t equals = header.find('=');
    if (equals == std::string::npos || equals == 0) {
      return UsageError(Concat("header '", header, "' is not KEY=VALUE"));
    }
    if (!IsValidUtf8(header)) return UsageError(Concat("header '", header.substr(0, equals), "' is not UTF-8"));
    (*request.mutable_headers())[header.substr(0, equals)] = header.substr(equals + 1);
  }
  if (options.message_id.size() > limits::kMaxMessageIdBytes || !IsValidUtf8(options.message_id)) {
    return UsageError(Concat("--message-id has to be UTF-8 of at most ", limits::kMaxMessageIdBytes, " bytes"));
  }
  if (options.expected_last_sequence.has_value()) {
    request.set_expected_last_sequence(*options.expected_last_sequence);
  }
  return request;
}

}  // namespace mts::cli
