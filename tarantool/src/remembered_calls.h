// What the last calls of mts.append of each process stored (SCHEMA.md, space append_call), so that a call whose answer
// was lost can be asked again.
//
// Threading: the transaction thread; Find yields while what it found is being written. Errors: those of the
// transaction; FAILED_PRECONDITION for a call that is older than what is remembered. Limits: kSlots a process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tarantool/src/instance.h"

namespace mts::tarantool {

struct CallName {
  std::string_view caller;
  uint64_t number = 0;
};

// The results of this call, encoded, if it was remembered; empty if it is new.
absl::StatusOr<std::string> FindCall(Instance& instance, CallName call);

// Within the transaction that stores what the call stores; removes some that are over.
absl::Status RememberCall(Instance& instance, Transaction& transaction, CallName call, std::string_view results);

}  // namespace mts::tarantool
