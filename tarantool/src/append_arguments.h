// The batches of a call of mts.append, read from its arguments (SCHEMA.md).
//
// Threading: pure functions. Errors: INVALID_ARGUMENT saying which batch and message, and what is wrong. Views point
// into the encoded arguments. Limits: limits::kMaxBatchMessages in a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "model/sequence.h"
#include "tarantool/src/row.h"

namespace mts::tarantool {

struct AppendMessage {
  NewRow row;
  std::string_view message_id;  // empty: none
  std::optional<Sequence> expected_last_sequence;
};

struct AppendBatch {
  uint64_t stream = 0;  // 0: none
  std::vector<AppendMessage> messages;
};

absl::Status ReadBatches(std::string_view encoded, std::vector<AppendBatch>& batches);

}  // namespace mts::tarantool
