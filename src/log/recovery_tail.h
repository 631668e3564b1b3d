// Where the log ends: tells the torn tail from damage (docs/log_format.md, "Recovery", step 3).
//
// Threading: one thread; reads only. Errors: FAILED_PRECONDITION for a record type from the future; those of the disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "log/format.h"
#include "log/recovery_survey.h"

namespace mts::log {

struct LogEnd {
  size_t segments = 0;         // so many of the survey's belong to the log; those behind are dropped
  uint64_t offset = 0;         // where the last of them ends
  bool sealed = false;         // it ends with its seal
  LogPosition proven;          // everything before was durable: what cannot be read there is damage
  GroupNumber greatest_group;  // ever seen, in the cut part too
  Timestamp last_time;         // of the last group
  LogPosition cut_at;          // when cut_bytes > 0
  uint64_t cut_bytes = 0;
};

// What is known before the segments are read: from the checkpoint, or all zero.
struct LogBegin {
  LogPosition position;
  GroupNumber greatest_group;
  Timestamp last_time;
};

// Fills `end` and `sealed` of each segment from the begin's on.
absl::StatusOr<LogEnd> FindLogEnd(const LogBegin& begin, std::vector<SegmentFile>& segments);

}  // namespace mts::log
