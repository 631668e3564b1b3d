// Visible messages, in sequence order.
//
// Threading: the transaction thread; nothing here yields. Errors: none. Limits: kMaxReadRows, kMaxReadBytes and
// kMaxScannedRows of one call.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "base/clock.h"
#include "model/sequence.h"
#include "model/subject.h"
#include "tarantool/src/instance.h"
#include "tarantool/src/row.h"

namespace mts::tarantool {

inline constexpr uint64_t kMaxReadRows = 10'000;
inline constexpr uint64_t kMaxReadBytes = 16 * 1024 * 1024;
inline constexpr uint64_t kMaxScannedRows = 20'000;

struct ReadLimits {
  Sequence after;
  uint64_t max_messages = 0;
  uint64_t max_bytes = kMaxReadBytes;      // as Row::CountedBytes; one message always fits
  uint64_t max_inline_bytes = UINT64_MAX;  // longer payloads are not counted
};

struct ReadOutcome {
  Sequence scanned_through;
  bool more = false;  // what lies behind it was not looked at
};

// Views into the row's tuple are good during the visit.
using RowVisitor = absl::FunctionRef<void(const Row& row, std::string_view tuple)>;

ReadOutcome ReadMessages(Instance& instance, const Pattern& pattern, const ReadLimits& limits, RowVisitor visit);

// False when there is no such visible message.
bool ReadMessage(Instance& instance, Sequence sequence, RowVisitor visit);

// The greatest sequence of a visible message that is older than `time`.
Sequence LastBefore(Instance& instance, Timestamp time);

// Visible messages of the pattern behind `position`. Yields.
uint64_t CountAfter(Instance& instance, const Pattern& pattern, Sequence position);

}  // namespace mts::tarantool
