#include "store/s3/request_sender.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

#include "absl/time/time.h"
#include "base/text.h"
#include "store/s3/xml.h"

namespace mts::store::s3 {
namespace {

constexpr uint32_t kMaxTries = 12;
constexpr int64_t kFirstDelayMicros = 25'000;
constexpr int64_t kFirstSlowDownDelayMicros = 100'000;
constexpr int64_t kLongestDelayMicros = 1'000'000;
constexpr int64_t kMaxSkewMicros = 300'000'000;
constexpr int64_t kSlowestMicrosPerByte = 1;  // a megabyte a second
constexpr int64_t kWarningPauseMicros = 1'000'000;

// Half of it fixed, so that a server that asks for patience gets some; half of it drawn, so that callers do not come
// back all at once.
int64_t DelayMicros(FailureKind kind, uint32_t tries) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  const int64_t first = kind == FailureKind::kSlowDown ? kFirstSlowDownDelayMicros : kFirstDelayMicros;
  const int64_t full = std::min(first << std::min(tries - 1, 10u), kLongestDelayMicros);
  return full / 2 + std::uniform_int_distribution<int64_t>(0, full / 2)(generator);
}

bool ParseHttpDate(std::string_view text, int64_t& micros) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(text), &time, &error)) return false;
  micros = absl::ToUnixMicros(time);
  return true;
}

std::string WhatOf(const S3Request& request) {
  return Concat(request.method, " ", request.key.empty() ? "the bucket" : request.key);
}

}  // namespace

RequestSender::RequestSender(const S3Options& options, Endpoint endpoint, HttpTransport& transport,
                             Statistics& statistics)
    : options_(options),
      address_(std::move(endpoint), options.bucket, options.virtual_hosted),
      signer_({options.access_key, options.secret_key, options.session_token}, options.region),
      transport_(transport),
      statistics_(statistics) {}

void RequestSender::Send(S3Request request, Done done) {
  auto call = std::make_unique<Call>();
  call->request = std::move(request);
  if (!call->request.own_body.empty()) call->request.body = {call->request.own_body};
  call->done = std::move(done);
  const uint64_t bytes = SizeOf(call->request.body) + call->request.expected_bytes;
  call->deadline_micros =
      transport_.NowMicros() + options_.request_timeout_micros + static_cast<int64_t>(bytes) * kSlowestMicrosPerByte;
  Try(std::move(call));
}

void RequestSender::Try(CallPtr call) {
  ++call->tries;
  statistics_.requests.fetch_add(1, std::memory_order_relaxed);
  if (call->tries > 1) statistics_.retries.fetch_add(1, std::memory_order_relaxed);
  if (call->request.method == "PUT") statistics_.puts.fetch_add(1, std::memory_order_relaxed);
  if (call->request.method == "GET") statistics_.gets.fetch_add(1, std::memory_order_relaxed);
  HttpRequest http = Signed(*call);
  statistics_.bytes_sent.fetch_add(SizeOf(http.body), std::memory_order_relaxed);
  transport_.Send(std::move(http),
                  [this, call = std::move(call)](const absl::Status& transport, HttpResponse response) mutable {
                    OnAnswer(std::move(call), transport, std::move(response));
                  });
}

HttpRequest RequestSender::Signed(Call& call) {
  const S3Request& request = call.request;
  call.signed_at_micros = options_.clock->Now().value() + clock_offset_micros_.load(std::memory_order_relaxed);
  const std::string amz_date = AmzDate(Timestamp(call.signed_at_micros));
  const std::string path = address_.Path(request.key);
  const std::string query = EncodeQuery(request.query);
  HttpRequest http;
  http.method = request.method;
  http.url = address_.Url(path, query);
  http.headers = request.headers;
  http.headers.push_back({"host", address_.host()});
  http.headers.push_back({"x-amz-content-sha256", std::string(kUnsignedPayload)});
  http.headers.push_back({"x-amz-date", amz_date});
  if (!signer_.session_token().empty()) http.headers.push_back({"x-amz-security-token", signer_.session_token()});
  std::string authorization =
      signer_.Authorization({http.method, path, query, http.headers, kUnsignedPayload}, amz_date);
  http.headers.push_back({"authorization", std::move(authorization)});
  http.body = request.body;
  http.max_response_bytes = request.max_response_bytes;
  http.deadline_micros = call.deadline_micros;
  http.stall_micros = request.slow_answer ? 0 : options_.stall_timeout_micros;
  http.urgent = request.urgent;
  return http;
}

Failure RequestSender::Judge(const Call& call, const absl::Status& transport, const HttpResponse& response) const {
  const std::string what = WhatOf(call.request);
  if (!transport.ok()) return FailureOf(transport, what);
  ErrorBody error = ParseError(response.body);
  if (error.code.empty()) error.code = std::string(response.Find("x-minio-error-code"));
  Failure failure = FailureOf(response.status, error, what);
  // A HEAD has no body that could say so, and servers name it differently.
  int64_t server_time = 0;
  if (response.status == 403 && ParseHttpDate(response.Find("date"), server_time) &&
      std::abs(server_time - call.signed_at_micros) > kMaxSkewMicros) {
    failure.kind = FailureKind::kClockSkew;
    failure.status = absl::UnavailableError(failure.status.message());
  }
  return failure;
}

void RequestSender::OnAnswer(CallPtr call, const absl::Status& transport, HttpResponse response) {
  statistics_.bytes_received.fetch_add(response.body.size(), std::memory_order_relaxed);
  if (transport.ok() && response.status >= 200 && response.status < 300) {
    if (!call->request.errors_come_with_200 || ParseError(response.body).code.empty()) {
      call->done(std::move(response));
      return;
    }
  }
  Failure failure = Judge(*call, transport, response);
  switch (failure.kind) {
    case FailureKind::kFinal:
      return Fail(std::move(call), std::move(failure.status));
    case FailureKind::kRetry:
    case FailureKind::kSlowDown:
      return TryAgain(std::move(call), std::move(failure), std::move(response));
    case FailureKind::kClockSkew:
      if (std::exchange(call->clock_corrected, true)) return Fail(std::move(call), std::move(failure.status));
      CorrectClock(response);
      return Try(std::move(call));
    case FailureKind::kMissingBucket:
      return CreateBucketFor(std::move(call), std::move(failure.status));
  }
}

void RequestSender::TryAgain(CallPtr call, Failure failure, HttpResponse response) {
  const int64_t delay = DelayMicros(failure.kind, call->tries);
  if (call->tries >= kMaxTries || transport_.NowMicros() + delay >= call->deadline_micros) {
    return Fail(std::move(call), std::move(failure.status));
  }
  if (call->request.before_retry) call->request.before_retry(call->request, std::move(response));
  auto shared = std::make_shared<CallPtr>(std::move(call));  // the timer may refuse it
  if (!transport_.PostAfter(delay, [this, shared] { Try(std::move(*shared)); })) {
    Fail(std::move(*shared), std::move(failure.status));
  }
}

void RequestSender::CorrectClock(const HttpResponse& response) {
  int64_t server_time = 0;
  if (!ParseHttpDate(response.Find("date"), server_time)) return;
  const int64_t offset = server_time - options_.clock->Now().value();
  clock_offset_micros_.store(offset, std::memory_order_relaxed);
  spdlog::warn("the clock differs from the S3 server's by {} s; requests are signed with the server's time",
               offset / 1'000'000);
}

void RequestSender::CreateBucketFor(CallPtr call, absl::Status missing) {
  const bool writes = call->request.method == "PUT" || call->request.method == "POST";
  if (!options_.create_bucket || !writes || call->request.key.empty() || std::exchange(call->bucket_created, true)) {
    return Fail(std::move(call), std::move(missing));
  }
  S3Request create;
  create.method = "PUT";
  create.own_body = CreateBucketBody(options_.region);
  Send(std::move(create), [this, call = std::move(call)](const absl::StatusOr<HttpResponse>& created) mutable {
    if (!created.ok() && !absl::IsAlreadyExists(created.status())) return Fail(std::move(call), created.status());
    Try(std::move(call));
  });
}

void RequestSender::Fail(CallPtr call, absl::Status status) {
  const bool harmless = absl::IsNotFound(status) || absl::IsOutOfRange(status) || absl::IsAlreadyExists(status);
  if (!harmless) {
    statistics_.failures.fetch_add(1, std::memory_order_relaxed);
    // An outage fails thousands a second; one line is enough.
    const int64_t now = transport_.NowMicros();
    int64_t last = last_warning_micros_.load();
    const bool payload = !call->request.key.empty();  // who asks about the bucket tells about it
    if (payload && last < now - kWarningPauseMicros && last_warning_micros_.compare_exchange_strong(last, now)) {
      spdlog::warn("{} (after {} tries)", std::string(status.message()), call->tries);
    }
  }
  call->done(std::move(status));
}

}  // namespace mts::store::s3
