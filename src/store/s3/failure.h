// What an S3 answer that is no success means: its status for callers, and whether trying again can help.
//
// Threading: pure functions. Errors: none. Limits: none.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "store/s3/http.h"
#include "store/s3/xml.h"

namespace mts::store::s3 {

enum class FailureKind {
  kFinal,
  kRetry,      // broken connection, server errors, a body that arrived damaged
  kSlowDown,   // the server asks for fewer requests
  kClockSkew,  // the signature's time is too far from the server's
  kMissingBucket,
};

struct Failure {
  FailureKind kind = FailureKind::kFinal;
  absl::Status status;
};

// For an answer whose status is 300 or above, or 200 with an error in its body.
Failure FailureOf(int http_status, const ErrorBody& error, std::string_view what);
// For a transport that did not bring an answer.
Failure FailureOf(const absl::Status& transport, std::string_view what);

// The status as the contract of PayloadStore has it: what is no fault of the payload is UNAVAILABLE.
absl::Status StatusOfRead(const absl::Status& status);
// Of writing, where nothing can be "not found" either.
absl::Status StatusOfWrite(const absl::Status& status);

}  // namespace mts::store::s3
