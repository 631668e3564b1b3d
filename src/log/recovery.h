// Brings a directory back to a state that can be served (docs/log_format.md, "Recovery"; promise P5).
//
// Threading: one thread, before anything else runs. Errors: FAILED_PRECONDITION for a version or record type from the
// future or a foreign file where a segment should be (nothing is changed then); INTERNAL and RESOURCE_EXHAUSTED from
// the disk. Damage is not an error: it is reported and skipped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "io/file_system.h"
#include "log/checkpoint.h"
#include "log/damage.h"
#include "log/segment_set.h"
#include "log/state.h"

namespace mts::log {

inline constexpr size_t kMaxDamageReports = 1000;

struct RecoveryResult {
  SegmentNumber next_segment{1};             // the number for the next segment to open
  LogPosition durable_through;               // everything before is synced
  std::optional<CheckpointInfo> checkpoint;  // that it began from
  std::vector<DamageReport> damage;          // the first kMaxDamageReports of them
  uint64_t damaged_spots = 0;                // all of them
  uint64_t cut_bytes = 0;                    // of the torn tail
  uint64_t replayed_bytes = 0;
  // Out of sight by a trim that the checkpoint does not know yet: their files may go once a later one is written. (Else
  // the next start removes them.)
  std::vector<SegmentNumber> trimmed;
  // Payload files that the replayed part of the log names and has not removed.
  std::vector<PayloadReference> references;
};

struct RecoveryOptions {
  io::FileSystem* files = nullptr;
  std::string directory;  // data/log
  const Clock* clock = nullptr;
  bool recount = false;  // all messages are counted again, whatever the checkpoint says
};

// Fills `state` and `segments` (all sealed afterwards; no segment is active).
absl::StatusOr<RecoveryResult> Recover(const RecoveryOptions& options, State& state, SegmentSet& segments);

}  // namespace mts::log
