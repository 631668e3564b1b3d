#include "iproto/error.h"

namespace mts::iproto {

Error ErrorOf(const absl::Status& status) {
  std::string text(status.message().data(), status.message().size());
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      return {ErrorCode::kMemoryIssue, std::move(text)};
    case absl::StatusCode::kUnavailable:
      return {ErrorCode::kWalIo, std::move(text)};
    case absl::StatusCode::kDeadlineExceeded:
      return {ErrorCode::kTimeout, std::move(text)};
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return {ErrorCode::kAccessDenied, std::move(text)};
    case absl::StatusCode::kUnimplemented:
      return {ErrorCode::kUnsupported, std::move(text)};
    default:
      return {ErrorCode::kProcedure, std::move(text)};
  }
}

}  // namespace mts::iproto
