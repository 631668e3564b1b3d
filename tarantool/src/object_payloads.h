// The payloads that messages have in an object, and moving them to another one: what the rewriting of packs asks for.
//
// Threading: the transaction thread; MovePayloads yields until the move is written. Errors: those of a commit. Limits:
// LiveBytes begins no further object after kMaxCountedRows; the others look at the rows of one object, or at those
// given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/sequence.h"
#include "tarantool/src/instance.h"
#include "tarantool/src/row.h"

namespace mts::tarantool {

inline constexpr uint64_t kMaxCountedRows = 10'000;
inline constexpr uint64_t kMaxMovedRows = 1'000;

struct ObjectToCount {
  std::string_view object_name;
  uint64_t enough = 0;  // what comes beyond it is not counted
};

// The bytes of the payloads in each object, as long as the rows looked at are few; at least the first one's. Rows that
// are not durable yet count, and a row of another kind than 1 counts as enough: its object must stay.
std::vector<uint64_t> LiveBytes(Instance& instance, absl::Span<const ObjectToCount> objects);

// Calls `use` with the visible rows of kind 1 behind `after` that name the object, ascending, at most `max_rows`.
void ForEachPayloadOf(Instance& instance, std::string_view object_name, Sequence after, uint64_t max_rows,
                      absl::FunctionRef<void(const Row& row)> use);

struct PayloadMove {
  Sequence sequence;
  std::string_view from_object;
  uint64_t from_offset = 0;
  uint64_t size = 0;
  std::string_view to_object;
  uint64_t to_offset = 0;
};

// In one transaction: each row that is visible and still has its payload where the move begins gets the other place,
// and nothing else of it changes; rows that are gone stay so. Answers how many were moved.
absl::StatusOr<uint64_t> MovePayloads(Instance& instance, absl::Span<const PayloadMove> moves);

}  // namespace mts::tarantool
