// Durable consumers: acknowledging, looking at them, and which of them listen just now.
//
// Threading: any thread; `done` exactly once, from any thread, possibly before the call returns. Errors:
// INVALID_ARGUMENT, OUT_OF_RANGE (past the last visible message), UNAVAILABLE. Limits: pages of at most 1,000.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "model/consumer.h"
#include "store/message_store.h"

namespace mts::broker {

struct ConsumerView {
  ConsumerState state;
  uint64_t pending = 0;    // visible messages after the position
  uint32_t connected = 0;  // streams that listen for it
};

class Consumers {
 public:
  explicit Consumers(store::MessageStore& messages) : messages_(messages) {}

  // Cumulative and monotonic; answers the position when it is durable.
  void Acknowledge(ConsumerId id, Sequence up_to, store::Done<Sequence> done);
  void List(std::string_view subject, const store::Page& page, store::Done<std::vector<ConsumerView>> done);

  // Counts one listener until it is destroyed.
  class Listening {
   public:
    Listening(Consumers& consumers, ConsumerId id);
    ~Listening();
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

   private:
    Consumers& consumers_;
    const ConsumerId id_;
  };

 private:
  struct Listed;
  // Counts what waits for the views from `position` on, one after another.
  void CountPending(std::shared_ptr<Listed> listed, size_t position);
  uint32_t connected(const ConsumerId& id);

  store::MessageStore& messages_;
  absl::Mutex mutex_;
  absl::flat_hash_map<ConsumerId, uint32_t> listening_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::broker
