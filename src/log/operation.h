// What waits for the commit thread: an append, a position, a trim. The committer runs each through three steps:
//   Decide   in order, before the write: conditions, sequences, records. Everything decided counts as accepted at once.
//   Apply    after the group is durable (weak durability: written), before any answer: makes it visible.
//   Answer   exactly once, with the group's fate; possibly on the answering thread.
//
// An operation that is refused before Decide (no room, shutdown) gets only Answer.
// Threading: Decide and Apply on the commit thread. Errors: a committed operation that was refused by its own
// conditions keeps that refusal itself and answers it when the group is durable.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "log/group_builder.h"
#include "log/state.h"

namespace mts::log {

class Operation {
 public:
  virtual ~Operation() = default;

  // Record bytes that Decide adds at most.
  virtual uint64_t max_bytes() const = 0;
  // True for messages: they stop when the disk is nearly full and leave a reserve in the segment to the others.
  virtual bool publishes() const { return false; }
  // True for what must be on disk before its consequences, in weak durability too: its group is always synced.
  virtual bool always_durable() const { return false; }
  // True to close the active segment first, unless it is empty.
  virtual bool rolls() const { return false; }
  virtual void Decide(GroupBuilder& group) = 0;
  virtual void Apply(State& state, Timestamp time) {}
  virtual void Answer(const absl::Status& committed) = 0;
};

}  // namespace mts::log
