// The window of message ids (SCHEMA.md, space message_id): two minutes of running time, at most a million ids, the
// oldest go first. It is removed little by little by the appends that add to it.
//
// Threading: the transaction thread. Errors: those of the transaction.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "base/clock.h"
#include "model/sequence.h"
#include "tarantool/src/box.h"
#include "tarantool/src/spaces.h"

namespace mts::tarantool {

class Deduplication {
 public:
  // The instance starts, or becomes writable: the time between is no running time.
  void Start(const Spaces& spaces, Timestamp now);

  // The message that was stored first with this id, if that is within the window.
  std::optional<Sequence> Find(std::string_view subject, std::string_view message_id, Timestamp now) const;
  // Adds one and removes some of what is over.
  absl::Status Add(Transaction& transaction, std::string_view subject, std::string_view message_id, Sequence sequence,
                   Timestamp now) const;

 private:
  bool IsOver(box_tuple_t* id, Timestamp now) const;

  const Spaces* spaces_ = nullptr;
  Timestamp started_;
  Timestamp newest_before_;  // of the ids that were there at the start
};

}  // namespace mts::tarantool
