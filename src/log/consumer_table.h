// Consumers and their positions, in memory, durable through position records and checkpoints. Bounded by kMaxConsumers.
//
// Threading: one mutex inside; the commit thread writes (Set, Delete, Restore), anyone reads. Errors: none; the bound
// is checked by the committer with size().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "model/consumer.h"

namespace mts::log {

class ConsumerTable {
 public:
  void Set(const ConsumerId& id, Sequence position, Timestamp active);
  void Delete(const ConsumerId& id);
  std::optional<Sequence> Position(const ConsumerId& id) const;
  // Sorted by subject, then durable name; `subject` empty: of all. After `after` = subject '\n' durable name.
  std::vector<ConsumerState> List(std::string_view subject, std::string_view after, size_t size) const;
  void ForEach(absl::FunctionRef<void(const ConsumerState&)> visit) const;
  uint64_t size() const;

 private:
  struct Order {
    bool operator()(const ConsumerId& a, const ConsumerId& b) const;
  };
  mutable absl::Mutex mutex_;
  std::map<ConsumerId, ConsumerState, Order> consumers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::log
