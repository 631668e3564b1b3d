// Bounds what all publish streams together have in flight below the store's own bound, so that a full queue makes
// streams wait (they stop reading) and does not refuse them.
//
// Threading: any thread. A waiter is called on the thread that releases, without a lock; waiters come in the order in
// which they asked. Errors: none. Limits: `max_bytes` and `max_batches`; a batch larger than max_bytes is let in alone.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace mts::rpc {

class InFlightGate {
 public:
  using Waiter = absl::AnyInvocable<void()>;

  InFlightGate(uint64_t max_bytes, uint64_t max_batches) : max_bytes_(max_bytes), max_batches_(max_batches) {}

  // True: enter now, and Leave with the same bytes later. False: `waiter` is called when it has entered; `waiter` is
  // taken only then.
  bool Enter(uint64_t bytes, Waiter& waiter) {
    absl::MutexLock lock(&mutex_);
    if (waiting_.empty() && HasRoom(bytes)) {
      Take(bytes);
      return true;
    }
    waiting_.push_back({bytes, std::move(waiter)});
    return false;
  }

  void Leave(uint64_t bytes) {
    std::vector<Waiter> entered;
    {
      absl::MutexLock lock(&mutex_);
      bytes_ -= bytes;
      --batches_;
      while (!waiting_.empty() && HasRoom(waiting_.front().bytes)) {
        Take(waiting_.front().bytes);
        entered.push_back(std::move(waiting_.front().waiter));
        waiting_.pop_front();
      }
    }
    for (Waiter& waiter : entered) waiter();
  }

 private:
  struct Waiting {
    uint64_t bytes;
    Waiter waiter;
  };

  bool HasRoom(uint64_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return batches_ == 0 || (batches_ < max_batches_ && bytes_ + bytes <= max_bytes_);
  }
  void Take(uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    bytes_ += bytes;
    ++batches_;
  }

  const uint64_t max_bytes_;
  const uint64_t max_batches_;
  absl::Mutex mutex_;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t batches_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::rpc
