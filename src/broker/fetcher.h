// Fetching: the next messages of a consumer or from a position, one message by its sequence, and their payloads.
//
// Threading: any thread; `done` exactly once, from any thread, possibly before the call returns. Errors:
// INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE, RESOURCE_EXHAUSTED, DATA_LOSS (OnUnreadable::kFail). Limits:
// max_batch_messages; waiting fetches are bounded by the streams of the doors.
#pragma once

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "broker/delivery.h"
#include "broker/dispatcher.h"
#include "broker/fetch_call.h"
#include "broker/options.h"
#include "broker/payload_loader.h"

namespace mts::broker {

// Ends a fetch that waits; may be called at any time, also after its end.
using CancelFetch = std::function<void()>;

class Fetcher {
 public:
  Fetcher(store::MessageStore& messages, PayloadLoader& loader, Dispatcher& dispatcher, const Limits& limits)
      : messages_(messages), loader_(loader), dispatcher_(dispatcher), limits_(limits) {}

  // `options.max_messages` is cut to max_batch_messages. Only a fetch that may wait has something to cancel.
  CancelFetch Fetch(FetchOptions options, FetchDone done);
  // One message; `subject` may be empty.
  void GetMessage(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes, FetchDone done);
  // The payload of a delivery that is `to_load`. The delivery needs to live until `done`.
  void Load(Delivery& delivery, uint64_t max_inline_bytes, PayloadLoader::LoadDone done) {
    loader_.Load(delivery, max_inline_bytes, std::move(done));
  }

  // Ends every wait with UNAVAILABLE, and each later one at once.
  void Shutdown();

 private:
  CancelFetch FetchWaiting(FetchOptions options, Pattern pattern, FetchDone done);

  store::MessageStore& messages_;
  PayloadLoader& loader_;
  Dispatcher& dispatcher_;
  const Limits limits_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t next_call_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::flat_hash_map<uint64_t, std::weak_ptr<FetchCall>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::broker
