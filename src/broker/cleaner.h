// Removes what retention of the whole store lets go, step by step, in the background.
//
// Threading: one thread of its own; Stop (or the destructor) waits for the step under way. Errors: logged by the store
// and tried again at the next interval. Limits: one step of MessageStore::Expire at a time.
#pragma once

#include <cstdint>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "model/retention.h"
#include "store/message_store.h"

namespace mts::broker {

class Cleaner {
 public:
  // Does nothing when `limits` are unlimited.
  Cleaner(store::MessageStore& messages, const Retention& limits, int64_t interval_micros);
  ~Cleaner();
  void Stop();

 private:
  void Run();
  // True if there may be more to remove.
  bool Step();

  store::MessageStore& messages_;
  const Retention limits_;
  const int64_t interval_micros_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mts::broker
