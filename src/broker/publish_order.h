// The order of one stream of publishes: batches reach the message store in the order in which they came, however long
// their payloads take on their way to the payload store.
//
// Threading: TakeTurn by one thread at a time, in the order of the batches; the others from any. Errors: none. Limits:
// what waits is bounded by the stream.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "store/message_store.h"

namespace mts::broker {

class PublishOrder : public store::AppendOrder, public std::enable_shared_from_this<PublishOrder> {
 public:
  uint64_t TakeTurn() ABSL_LOCKS_EXCLUDED(mutex_);
  // Calls `act` when all earlier turns have been used, possibly at once. Every turn has to be used.
  void UseTurn(uint64_t turn, absl::AnyInvocable<void()> act) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Mutex mutex_;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 0;    // the turn that is due
  bool acting_ ABSL_GUARDED_BY(mutex_) = false;  // some thread is in an `act`
  std::map<uint64_t, absl::AnyInvocable<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::broker
