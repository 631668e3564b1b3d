#include "store/s3/http_transport.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "base/clock.h"

namespace mts::store::s3 {
namespace {

constexpr size_t kMaxWaiting = 10'000;
constexpr int kMaxPollMillis = 1000;
constexpr int64_t kExpiryCheckMicros = 50'000;

CURLM* NewMulti(const TransportOptions& options) {
  // Once for the process, before any other thread of ours uses libcurl.
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialized);
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_connections));
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  return multi;
}

absl::Status Ended() { return absl::UnavailableError("the connection to S3 is shut down"); }

}  // namespace

HttpTransport::HttpTransport(TransportOptions options)
    : options_(std::move(options)), multi_(NewMulti(options_)), thread_([this] { Run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "s3");
}

HttpTransport::~HttpTransport() {
  Shutdown();
  active_.clear();
  idle_.clear();
  curl_multi_cleanup(multi_);
}

int64_t HttpTransport::NowMicros() const { return SystemClock().MonotonicMicros(); }

void HttpTransport::Send(HttpRequest request, HttpDone done) {
  Waiting waiting{std::move(request), std::move(done)};
  if (absl::Status refusal = Enqueue(waiting); !refusal.ok()) return waiting.done(std::move(refusal), {});
  Wake();
}

absl::Status HttpTransport::Enqueue(Waiting& waiting) {
  absl::MutexLock lock(&mutex_);
  if (ends_) return Ended();
  if (waiting_.size() >= kMaxWaiting) return absl::ResourceExhaustedError("too many requests wait for a connection");
  if (waiting.request.urgent) {
    waiting_.push_front(std::move(waiting));
  } else {
    waiting_.push_back(std::move(waiting));
  }
  return absl::OkStatus();
}

bool HttpTransport::PostAfter(int64_t micros, absl::AnyInvocable<void()> task) {
  {
    absl::MutexLock lock(&mutex_);
    if (ends_) return false;
    timers_.emplace(NowMicros() + micros, std::move(task));
  }
  Wake();
  return true;
}

void HttpTransport::Wake() {
  if (std::this_thread::get_id() != thread_.get_id()) curl_multi_wakeup(multi_);
}

void HttpTransport::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (ends_) break;
    }
    StartWaiting();
    int running = 0;
    curl_multi_perform(multi_, &running);
    TakeFinished();
    RunDueTimers();
    FailExpired();
    const int timeout = PollTimeoutMillis();
    if (timeout > 0) curl_multi_poll(multi_, nullptr, 0, timeout, nullptr);
  }
  Drain();
}

void HttpTransport::StartWaiting() {
  while (active_.size() < options_.max_connections) {
    Waiting waiting;
    {
      absl::MutexLock lock(&mutex_);
      if (waiting_.empty()) return;
      waiting = std::move(waiting_.front());
      waiting_.pop_front();
    }
    Start(std::move(waiting));
  }
}

void HttpTransport::Start(Waiting waiting) {
  if (idle_.empty()) idle_.push_back(std::make_unique<CurlTransfer>(options_));
  std::unique_ptr<CurlTransfer> transfer = std::move(idle_.back());
  idle_.pop_back();
  transfer->Begin(std::move(waiting.request), std::move(waiting.done), NowMicros());
  CURL* const handle = transfer->handle();
  if (curl_multi_add_handle(multi_, handle) != CURLM_OK) {
    transfer->Abort(absl::UnavailableError("libcurl takes no more requests"));
    idle_.push_back(std::move(transfer));
    return;
  }
  active_.emplace(handle, std::move(transfer));
}

void HttpTransport::TakeFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode result = message->data.result;
    curl_multi_remove_handle(multi_, handle);
    const auto found = active_.find(handle);
    std::unique_ptr<CurlTransfer> transfer = std::move(found->second);
    active_.erase(found);
    transfer->Finish(result);
    idle_.push_back(std::move(transfer));
  }
}

void HttpTransport::RunDueTimers() {
  while (true) {
    absl::AnyInvocable<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      if (timers_.empty() || timers_.begin()->first > NowMicros()) return;
      task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
    }
    task();
  }
}

// libcurl watches the deadlines of what is under way; those that wait for a connection are looked through here.
void HttpTransport::FailExpired() {
  const int64_t now = NowMicros();
  if (now < next_expiry_check_) return;
  next_expiry_check_ = now + kExpiryCheckMicros;
  std::vector<Waiting> expired;
  {
    absl::MutexLock lock(&mutex_);
    const auto is_late = [now](const Waiting& waiting) { return waiting.request.deadline_micros <= now; };
    const auto late =
        std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& w) { return !is_late(w); });
    std::move(late, waiting_.end(), std::back_inserter(expired));
    waiting_.erase(late, waiting_.end());
  }
  for (Waiting& waiting : expired) waiting.done(absl::DeadlineExceededError("no connection was free in time"), {});
}

int HttpTransport::PollTimeoutMillis() {
  absl::MutexLock lock(&mutex_);
  if (ends_ || (!waiting_.empty() && active_.size() < options_.max_connections)) return 0;
  int64_t micros = int64_t{kMaxPollMillis} * 1000;
  if (!waiting_.empty()) micros = kExpiryCheckMicros;
  if (!timers_.empty()) micros = std::min(micros, timers_.begin()->first - NowMicros());
  return micros <= 0 ? 0 : static_cast<int>((micros + 999) / 1000);
}

void HttpTransport::Drain() {
  while (true) {
    std::deque<Waiting> waiting;
    std::multimap<int64_t, absl::AnyInvocable<void()>> timers;
    {
      absl::MutexLock lock(&mutex_);
      waiting.swap(waiting_);
      timers.swap(timers_);
    }
    if (waiting.empty() && timers.empty() && active_.empty()) return;
    for (Waiting& one : waiting) one.done(Ended(), {});
    for (auto& [time, task] : timers) task();
    while (!active_.empty()) {
      const auto first = active_.begin();
      std::unique_ptr<CurlTransfer> transfer = std::move(first->second);
      active_.erase(first);
      curl_multi_remove_handle(multi_, transfer->handle());
      transfer->Abort(Ended());
    }
  }
}

void HttpTransport::Shutdown() {
  {
    absl::MutexLock lock(&mutex_);
    ends_ = true;
  }
  curl_multi_wakeup(multi_);
  absl::MutexLock lock(&join_mutex_);
  if (thread_.joinable()) thread_.join();
}

}  // namespace mts::store::s3
