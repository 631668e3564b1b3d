// Positions of durable consumers. A position is seen when it is durable.
//
// Threading: the transaction thread; writing yields. Errors: OUT_OF_RANGE past the last visible message,
// RESOURCE_EXHAUSTED beyond limits::kMaxConsumers, and those of a commit.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/consumer.h"
#include "model/sequence.h"
#include "tarantool/src/instance.h"

namespace mts::tarantool {

std::optional<Sequence> PositionOf(Instance& instance, const ConsumerId& id);

// Answers the position afterwards; a lower one changes nothing.
absl::StatusOr<Sequence> AdvanceConsumer(Instance& instance, const ConsumerId& id, Sequence to);
// Also back.
absl::StatusOr<Sequence> ResetConsumer(Instance& instance, const ConsumerId& id, Sequence to);

// False: there was none.
absl::StatusOr<bool> DeleteConsumer(Instance& instance, const ConsumerId& id);

}  // namespace mts::tarantool
