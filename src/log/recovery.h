// Brings a directory back to a state that can be served (docs/log_format.md, "Recovery"; promise P5).
//
// Threading: one thread, before anything else runs. Errors: FAILED_PRECONDITION for a version or record type from the future
// or a foreign file where a segment should be (nothing is changed then); INTERNAL and RESOURCE_EXHAUSTED from the disk.
// Damage is not an error: it is reported and skipped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "io/file_system.h"
#include "log/checkpoint.h"
#include "log/segment_set.h"
#include "log/state.h"

namespace mts::log {

struct DamageReport {
  std::string file;
  uint64_t offset = 0;
  uint64_t bytes = 0;       // that could not be read
  std::string what;
};

struct RecoveryResult {
  SegmentNumber next_segment{1};           // the number for the next segment to open
  LogPosition durable_through;             // everything before is synced
  std::optional<CheckpointInfo> checkpoint;  // that it began from
  std::vector<DamageReport> damage;
  uint64_t cut_bytes = 0;                  // of the torn tail
  uint64_t replayed_bytes = 0;
  // Keys of payload files that the replayed part of the log names and has not removed.
  std::vector<PayloadReference> references;
};

struct RecoveryOptions {
  io::FileSystem* files = nullptr;
  std::string directory;                   // data/log
  const Clock* clock = nullptr;
};

// Fills `state` and `segments` (all sealed afterwards; no segment is active).
absl::StatusOr<RecoveryResult> Recover(const RecoveryOptions& options, State& state, SegmentSet& segments);

}  // namespace mts::log
