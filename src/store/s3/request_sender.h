// Signs S3 requests, sends them, and tries again what can be tried again: broken connections, server errors, SlowDown
// (with jitter), a clock that differs from the server's, a bucket that is not there yet.
//
// Threading: any thread; answers as HttpTransport gives them. Errors: NOT_FOUND, OUT_OF_RANGE, PERMISSION_DENIED,
// FAILED_PRECONDITION, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, INTERNAL; UNAVAILABLE when it did not work within the
// deadline. Limits: the request's deadline, 12 tries.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/s3/endpoint.h"
#include "store/s3/failure.h"
#include "store/s3/http.h"
#include "store/s3/http_transport.h"
#include "store/s3/options.h"
#include "store/s3/sigv4.h"
#include "store/s3/statistics.h"

namespace mts::store::s3 {

struct S3Request {
  std::string method;
  std::string key;  // empty: the bucket
  Query query;
  Headers headers;
  BodyPieces body;       // points to what lives until the answer
  std::string own_body;  // instead of `body`: small bodies that the request keeps itself
  uint64_t max_response_bytes = 1 << 20;
  uint64_t expected_bytes = 0;  // large ones get more time
  bool urgent = false;
  bool slow_answer = false;  // the server may think for long before it says something
  bool errors_come_with_200 = false;
  // Called before another try with what came of the answer so far; may change the request to ask for the rest.
  absl::AnyInvocable<void(S3Request&, HttpResponse)> before_retry;
};

class RequestSender {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<HttpResponse>)>;

  RequestSender(const S3Options& options, Endpoint endpoint, HttpTransport& transport, Statistics& statistics);

  void Send(S3Request request, Done done);

 private:
  struct Call {
    S3Request request;
    Done done;
    int64_t deadline_micros = 0;
    int64_t signed_at_micros = 0;
    uint32_t tries = 0;
    bool clock_corrected = false;
    bool bucket_created = false;
  };
  using CallPtr = std::unique_ptr<Call>;

  void Try(CallPtr call);
  HttpRequest Signed(Call& call);
  void OnAnswer(CallPtr call, const absl::Status& transport, HttpResponse response);
  Failure Judge(const Call& call, const absl::Status& transport, const HttpResponse& response) const;
  void TryAgain(CallPtr call, Failure failure, HttpResponse response);
  void CorrectClock(const HttpResponse& response);
  void CreateBucketFor(CallPtr call, absl::Status missing);
  void Fail(CallPtr call, absl::Status status);

  const S3Options& options_;
  const BucketAddress address_;
  const SigV4 signer_;
  HttpTransport& transport_;
  Statistics& statistics_;
  std::atomic<int64_t> clock_offset_micros_{0};
  std::atomic<int64_t> last_warning_micros_{INT64_MIN};
};

}  // namespace mts::store::s3
