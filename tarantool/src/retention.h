// Removing the oldest messages, and whether objects are still named.
//
// Threading: the transaction thread; ExpireStep yields until the removal is written. Errors: those of a commit. Limits:
// kMaxExpiredRows a step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/message.h"
#include "model/payload.h"
#include "model/retention.h"
#include "tarantool/src/instance.h"

namespace mts::tarantool {

inline constexpr uint64_t kMaxExpiredRows = 1'000;

struct RemovedMessage {
  Sequence sequence;
  std::string subject;
  uint64_t size = 0;
  PayloadKind kind = PayloadKind::kInline;
  std::string object_name;
};

struct ExpireOutcome {
  bool more = false;
  std::vector<RemovedMessage> removed;
};

absl::StatusOr<ExpireOutcome> ExpireStep(Instance& instance, const Retention& limits, uint64_t max_rows);

// Rows that are not durable yet count.
bool IsNamed(Instance& instance, std::string_view object_name);

}  // namespace mts::tarantool
