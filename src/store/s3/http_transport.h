// HTTP/1.1 on libcurl's multi interface: one thread does all reading and writing, connections are kept. It also runs
// timers.
//
// Threading: any thread may call. Answers and timers come on the transport's thread, or, once it ends, on the caller's;
// they must not block. Errors: as HttpDone says; RESOURCE_EXHAUSTED when too many requests wait. Limits: requests under
// way as in the options, 10,000 wait.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "store/s3/curl_transfer.h"
#include "store/s3/http.h"
#include "store/s3/timers.h"

namespace mts::store::s3 {

class HttpTransport : public Timers {
 public:
  explicit HttpTransport(TransportOptions options);
  ~HttpTransport() override;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  // What the request's body points to needs to live until `done`.
  void Send(HttpRequest request, HttpDone done);

  int64_t NowMicros() const override;
  bool PostAfter(int64_t micros, absl::AnyInvocable<void()> task) override;

  // Ends everything under way with UNAVAILABLE and runs the timers now; blocks until all have their answers. May be
  // called again; not from a callback.
  void Shutdown();

 private:
  struct Waiting {
    HttpRequest request;
    HttpDone done;
  };

  // Takes it unless the answer is an error.
  absl::Status Enqueue(Waiting& waiting);
  void Run();
  void StartWaiting();
  void Start(Waiting waiting);
  void TakeFinished();
  void RunDueTimers();
  void FailExpired();
  int PollTimeoutMillis();
  void Drain();
  void Wake();

  const TransportOptions options_;
  CURLM* const multi_;
  absl::Mutex mutex_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  std::multimap<int64_t, absl::AnyInvocable<void()>> timers_ ABSL_GUARDED_BY(mutex_);
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;

  // The transport's thread only.
  std::vector<std::unique_ptr<CurlTransfer>> idle_;
  absl::flat_hash_map<CURL*, std::unique_ptr<CurlTransfer>> active_;
  int64_t next_expiry_check_ = 0;

  absl::Mutex join_mutex_;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace mts::store::s3
