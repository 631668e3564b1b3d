#include "base/status.h"

#include <cerrno>
#include <system_error>

#include "base/text.h"

namespace mts {
namespace {

absl::StatusCode CodeOfErrno(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return absl::StatusCode::kResourceExhausted;
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status WithContext(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), Concat(context, ": ", status.message()));
}

absl::Status ErrnoStatus(int error_number, std::string_view what) {
  return absl::Status(CodeOfErrno(error_number), Concat(what, ": ", std::generic_category().message(error_number)));
}

}  // namespace mts
