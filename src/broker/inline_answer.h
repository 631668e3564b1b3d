// Loops over calls that may answer before they return, without growing the stack: the answer that comes first of "call
// returned" and "callback ran" leaves the next step to the other.
//
// Threading: one step outstanding. Arm, make the call; exactly one of BothDone's two callers (after the call, in the
// callback) gets true and goes on.
#pragma once

#include <atomic>

namespace mts::broker {

class InlineAnswer {
 public:
  void Arm() { first_done_.store(false, std::memory_order_relaxed); }
  bool BothDone() { return first_done_.exchange(true, std::memory_order_acq_rel); }

 private:
  std::atomic<bool> first_done_{false};
};

}  // namespace mts::broker
