// What consumers' positions can be, given what was asked and answered.
//
// Threading: any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "model/consumer.h"
#include "violations.h"

namespace mts::sim {

class ConsumerLedger {
 public:
  explicit ConsumerLedger(Violations* violations) : violations_(*violations) {}

  enum class Change { kAdvance, kReset, kDelete };
  // Changes of one consumer happen in the order of these calls. Answers the number for Answered.
  uint64_t Submitted(const ConsumerId& id, Change change, uint64_t to);
  // It happened.
  void Answered(const ConsumerId& id, uint64_t number);
  // It did not, and never will.
  void Refused(const ConsumerId& id, uint64_t number);
  // With nothing under way: the position must be one that is possible, and is known from here on.
  void Saw(const ConsumerId& id, std::optional<uint64_t> position);
  // After weak durability lost something: whatever is there.
  void Accept(const ConsumerId& id, std::optional<uint64_t> position);
  std::vector<ConsumerId> consumers() const;

 private:
  struct Step {
    uint64_t number;
    Change change;
    uint64_t to;
    bool answered = false;
    bool refused = false;
  };
  struct Consumer {
    std::optional<uint64_t> position;  // before the steps
    std::vector<Step> steps;
  };
  static std::optional<uint64_t> After(std::optional<uint64_t> position, const Step& step);

  Violations& violations_;
  mutable absl::Mutex mutex_;
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<ConsumerId, Consumer> consumers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::sim
