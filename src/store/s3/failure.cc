#include "store/s3/failure.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace mts::store::s3 {
namespace {

struct KnownCode {
  std::string_view code;
  FailureKind kind;
  absl::StatusCode status;
};

constexpr KnownCode kKnownCodes[] = {
    {"NoSuchKey", FailureKind::kFinal, absl::StatusCode::kNotFound},
    {"NoSuchUpload", FailureKind::kFinal, absl::StatusCode::kNotFound},
    // Not "not found": the payloads are not known to be gone, the bucket is to be mended.
    {"NoSuchBucket", FailureKind::kMissingBucket, absl::StatusCode::kFailedPrecondition},
    {"RequestTimeTooSkewed", FailureKind::kClockSkew, absl::StatusCode::kUnavailable},
    {"SlowDown", FailureKind::kSlowDown, absl::StatusCode::kUnavailable},
    {"SlowDownRead", FailureKind::kSlowDown, absl::StatusCode::kUnavailable},
    {"SlowDownWrite", FailureKind::kSlowDown, absl::StatusCode::kUnavailable},
    {"TooManyRequests", FailureKind::kSlowDown, absl::StatusCode::kUnavailable},
    {"RequestTimeout", FailureKind::kRetry, absl::StatusCode::kUnavailable},
    {"IncompleteBody", FailureKind::kRetry, absl::StatusCode::kUnavailable},
    {"BadDigest", FailureKind::kRetry, absl::StatusCode::kUnavailable},
    {"XAmzContentChecksumMismatch", FailureKind::kRetry, absl::StatusCode::kUnavailable},
    {"OperationAborted", FailureKind::kRetry, absl::StatusCode::kUnavailable},
    {"XMinioStorageFull", FailureKind::kFinal, absl::StatusCode::kResourceExhausted},
    {"XMinioAdminBucketQuotaExceeded", FailureKind::kFinal, absl::StatusCode::kResourceExhausted},
    {"QuotaExceeded", FailureKind::kFinal, absl::StatusCode::kResourceExhausted},
    {"EntityTooLarge", FailureKind::kFinal, absl::StatusCode::kInvalidArgument},
    {"KeyTooLongError", FailureKind::kFinal, absl::StatusCode::kInvalidArgument},
    {"InvalidRange", FailureKind::kFinal, absl::StatusCode::kOutOfRange},
    {"BucketAlreadyOwnedByYou", FailureKind::kFinal, absl::StatusCode::kAlreadyExists},
    {"BucketAlreadyExists", FailureKind::kFinal, absl::StatusCode::kAlreadyExists},
};

KnownCode ByHttpStatus(int status) {
  switch (status) {
    case 301:
    case 307:
      return {"Redirect", FailureKind::kFinal, absl::StatusCode::kFailedPrecondition};
    case 401:
    case 403:
      return {"Forbidden", FailureKind::kFinal, absl::StatusCode::kPermissionDenied};
    case 404:
      return {"NotFound", FailureKind::kFinal, absl::StatusCode::kNotFound};
    case 412:
      return {"PreconditionFailed", FailureKind::kFinal, absl::StatusCode::kFailedPrecondition};
    case 416:
      return {"InvalidRange", FailureKind::kFinal, absl::StatusCode::kOutOfRange};
    case 429:
      return {"TooManyRequests", FailureKind::kSlowDown, absl::StatusCode::kUnavailable};
    case 503:
      return {"ServiceUnavailable", FailureKind::kSlowDown, absl::StatusCode::kUnavailable};
    case 507:
      return {"InsufficientStorage", FailureKind::kFinal, absl::StatusCode::kResourceExhausted};
    default:
      break;
  }
  if (status == 408 || status >= 500) return {"ServerError", FailureKind::kRetry, absl::StatusCode::kUnavailable};
  return {"Refused", FailureKind::kFinal, absl::StatusCode::kInternal};
}

}  // namespace

Failure FailureOf(int http_status, const ErrorBody& error, std::string_view what) {
  const auto* known = std::find_if(std::begin(kKnownCodes), std::end(kKnownCodes),
                                   [&](const KnownCode& candidate) { return candidate.code == error.code; });
  // An error in the body of a 200 is one of the server.
  const KnownCode meaning =
      known != std::end(kKnownCodes) ? *known : ByHttpStatus(http_status < 300 ? 500 : http_status);
  const std::string text = Concat("S3 ", what, ": ", error.code.empty() ? meaning.code : error.code, " (HTTP ",
                                  http_status, ")", error.message.empty() ? "" : ": ", error.message);
  return {meaning.kind, absl::Status(meaning.status, text)};
}

Failure FailureOf(const absl::Status& transport, std::string_view what) {
  const bool retry = absl::IsUnavailable(transport);
  const std::string text = Concat("S3 ", what, ": ", ToStd(transport.message()));
  const absl::StatusCode code =
      absl::IsInternal(transport) ? absl::StatusCode::kInternal : absl::StatusCode::kUnavailable;
  return {retry ? FailureKind::kRetry : FailureKind::kFinal, absl::Status(code, text)};
}

absl::Status StatusOfRead(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnavailable:
      return status;
    default:
      return absl::UnavailableError(status.message());
  }
}

absl::Status StatusOfWrite(const absl::Status& status) {
  return StatusOfRead(absl::IsNotFound(status) ? absl::UnavailableError(status.message()) : status);
}

}  // namespace mts::store::s3
