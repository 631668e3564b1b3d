// Checkpoint files: the state up to a position of the log, so that recovery reads only what follows. The two newest are
// kept.
//
// Threading: Write by the commit thread's helper thread from a snapshot (Snapshot is taken by the commit thread); Load
// at start. Errors: a checkpoint that is not whole is passed over for the one before; Write leaves no half file under
// the final name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/format.h"
#include "log/segment_set.h"
#include "log/state.h"

namespace mts::log {

// The encoded records of a checkpoint, without header and end.
struct CheckpointSnapshot {
  LogPosition position;  // of the first group not contained
  Sequence last_sequence;
  GroupNumber next_group;
  Timestamp last_time;
  SegmentNumber first_segment;  // kept by the trim
  uint64_t identity = 0;
  uint64_t record_count = 0;
  std::string records;
};

// Copies the state; cost follows subjects + consumers + deduplication ids. Called between groups: everything that was
// accepted is committed, so that the state is that of `position`.
CheckpointSnapshot TakeSnapshot(const State& state, const std::vector<SegmentSummary>& segments, LogPosition position,
                                int64_t now_monotonic_micros, uint64_t identity);

struct CheckpointInfo {
  uint64_t number = 0;
  LogPosition position;
  uint64_t bytes = 0;
  SegmentNumber first_segment;  // its trim: it needs no segment before this one
};

// Writes it under the next number, synced with its directory, then removes all but the two newest.
absl::StatusOr<CheckpointInfo> WriteCheckpoint(io::FileSystem& files, const std::string& directory,
                                               const CheckpointSnapshot& snapshot);

struct LoadedCheckpoint {
  CheckpointInfo info;
  std::vector<SegmentSummary> segments;  // those that were live
};
// The newest whole one into an empty `state`; nothing when there is none. FAILED_PRECONDITION for a version or a record
// type from the future. Those that are not whole are logged and passed over.
absl::StatusOr<std::optional<LoadedCheckpoint>> LoadCheckpoint(io::FileSystem& files, const std::string& directory,
                                                               int64_t now_monotonic_micros, State& state);

// For doctor: reads it from its beginning to its end. DATA_LOSS saying what is wrong, `offset` where;
// FAILED_PRECONDITION as above.
absl::Status VerifyCheckpoint(io::FileSystem& files, const std::string& directory, uint64_t number, uint64_t& offset);
// Numbers of the checkpoints there are, ascending.
absl::StatusOr<std::vector<uint64_t>> ListCheckpoints(io::FileSystem& files, const std::string& directory);

// ---- Names of files
std::string CheckpointFileName(uint64_t number);
std::optional<uint64_t> ParseCheckpointFileName(std::string_view name);

}  // namespace mts::log
