// Writes a damaged segment anew: everything that can be read stays at its offset under the same identity, so that
// indexes, checkpoints and what groups say of each other hold; what cannot be read becomes records of type `lost`; lost
// headers and seals are made again.
//
// Threading: one thread. Errors: those of the disk; INTERNAL when what was read does not fit together. Limits: memory
// is the longest group or damaged spot.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/recovery_survey.h"
#include "maintenance/segment_examination.h"

namespace mts::maintenance {

// Where the log was before a segment.
struct LogPlace {
  log::GroupNumber group;  // of the last group
  Sequence sequence;       // the greatest assigned
  Timestamp time;
};

// Writes the whole file under `path`, synced, its name not. `extent.limit` of a segment that ends open may lie behind
// its file's end. Answers where the log is behind it.
absl::StatusOr<LogPlace> RewriteDamagedSegment(io::FileSystem& files, const log::SegmentFile& segment,
                                               const SegmentExtent& extent, const LogPlace& before,
                                               const std::string& path);

// A sealed segment without any message, in place of one that is lost.
absl::StatusOr<LogPlace> WriteEmptySegment(io::FileSystem& files, log::SegmentNumber number, const LogPlace& before,
                                           const std::string& path);

// Where the log is behind a segment that is not rewritten.
absl::StatusOr<LogPlace> PlaceBehind(const log::SegmentFile& segment, const SegmentExtent& extent,
                                     const LogPlace& before);

}  // namespace mts::maintenance
