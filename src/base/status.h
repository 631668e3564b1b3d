// Value errors: absl::Status across all rooms, no exceptions.
//
// Two macros for the usual flow, and the one rule which codes a client may retry.
#pragma once

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define MTS_CONCAT_INNER(a, b) a##b
#define MTS_CONCAT(a, b) MTS_CONCAT_INNER(a, b)

#define MTS_RETURN_IF_ERROR(expression)                                              \
  do {                                                                               \
    if (absl::Status mts_status = (expression); !mts_status.ok()) return mts_status; \
  } while (false)

#define MTS_ASSIGN_OR_RETURN(declaration, expression) \
  MTS_ASSIGN_OR_RETURN_INNER(MTS_CONCAT(mts_result_, __LINE__), declaration, expression)
#define MTS_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                       \
  if (!result.ok()) return std::move(result).status();              \
  declaration = *std::move(result)

namespace mts {

// True for what may succeed when tried again unchanged (contract: codes 8 and 14).
inline bool IsRetryable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

// The same code, the text led by `context` ("what, where: why").
absl::Status WithContext(const absl::Status& status, std::string_view context);

// A status from errno after a failed system call: ENOSPC and EDQUOT are RESOURCE_EXHAUSTED, ENOENT NOT_FOUND, EEXIST
// ALREADY_EXISTS, EACCES and EPERM PERMISSION_DENIED, everything else (EIO) INTERNAL. `what` says call and path.
absl::Status ErrnoStatus(int error_number, std::string_view what);

}  // namespace mts
