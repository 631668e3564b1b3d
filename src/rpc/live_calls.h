// The streams and waiting calls that are open, so that a shutdown can end each with UNAVAILABLE.
//
// Threading: any thread; a call is removed in its OnDone. Errors: Add answers false once EndAll was called. Limits:
// `max_calls` at one time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace mts::rpc {

class LiveCall {
 public:
  virtual ~LiveCall() = default;
  // Ends the call with UNAVAILABLE as soon as it may; may come at any time until OnDone.
  virtual void EndForShutdown() = 0;
};

class LiveCalls {
 public:
  explicit LiveCalls(size_t max_calls) : max_calls_(max_calls) {}

  enum class Admission { kAdmitted, kTooMany, kShuttingDown };
  Admission Add(std::shared_ptr<LiveCall> call) {
    absl::MutexLock lock(&mutex_);
    if (ending()) return Admission::kShuttingDown;
    if (calls_.size() >= max_calls_) return Admission::kTooMany;
    LiveCall* const key = call.get();
    calls_.emplace(key, std::move(call));
    return Admission::kAdmitted;
  }
  void Remove(LiveCall* call) {
    std::shared_ptr<LiveCall> removed;  // let go without the lock
    absl::MutexLock lock(&mutex_);
    const auto found = calls_.find(call);
    if (found == calls_.end()) return;
    removed = std::move(found->second);
    calls_.erase(found);
  }
  void EndAll() {
    std::vector<std::shared_ptr<LiveCall>> calls;
    {
      absl::MutexLock lock(&mutex_);
      ending_ = true;
      for (const auto& [key, call] : calls_) calls.push_back(call);
    }
    for (const auto& call : calls) call->EndForShutdown();
  }
  // From then on unary calls are refused too.
  bool ending() const { return ending_.load(std::memory_order_acquire); }
  size_t size() {
    absl::MutexLock lock(&mutex_);
    return calls_.size();
  }

 private:
  const size_t max_calls_;
  absl::Mutex mutex_;
  std::atomic<bool> ending_{false};  // changes under the mutex
  absl::flat_hash_map<LiveCall*, std::shared_ptr<LiveCall>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::rpc
