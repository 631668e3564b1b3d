// What all connections of a server hold together: long requests that are arriving and replies that wait to be read.
//
// Threading: any. Limits: what it is made with; whoever does not get memory may wait until some is returned.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace mts::iproto {

class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t limit) : limit_(limit) {}

  // False, and nothing is taken, when it does not fit.
  bool Take(uint64_t bytes) {
    if (used_.fetch_add(bytes) + bytes <= limit_) return true;
    used_.fetch_sub(bytes);
    return false;
  }
  bool HasRoom() const { return used_.load() < limit_; }
  // For what is there already.
  void Add(uint64_t bytes) { used_.fetch_add(bytes); }

  void Return(uint64_t bytes) {
    if (bytes == 0) return;
    used_.fetch_sub(bytes);
    if (waiting_.load()) WakeAll();
  }

  // `wake` is called once, when memory was returned; it must not block. Whoever waits tries again after this call: what
  // was returned before it wakes nobody.
  void Wait(absl::AnyInvocable<void()> wake) {
    absl::MutexLock lock(&mutex_);
    waiters_.push_back(std::move(wake));
    waiting_ = true;
  }

  uint64_t used() const { return used_.load(); }

 private:
  void WakeAll() {
    std::vector<absl::AnyInvocable<void()>> waiters;
    {
      absl::MutexLock lock(&mutex_);
      waiters.swap(waiters_);
      waiting_ = false;
    }
    for (auto& wake : waiters) wake();
  }

  const uint64_t limit_;
  std::atomic<uint64_t> used_{0};
  std::atomic<bool> waiting_{false};
  absl::Mutex mutex_;
  std::vector<absl::AnyInvocable<void()>> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::iproto
