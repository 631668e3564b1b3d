// Makes the good part of a segment durable for certain: what recovery read may be in the page cache only, even where a
// sync failed before. The segment is copied, synced and renamed over the old one; it keeps its identity, so that
// checksums hold.
//
// Threading: one thread. Errors: those of the disk; the old file stays as it was then. When there is no room, files
// that were only prepared for later segments (*.prepared) make it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "io/file_system.h"
#include "log/format.h"
#include "log/recovery_survey.h"

namespace mts::log {

// Copies [0, end) with the header of `segment` and, unless `seal_group` is empty, that group behind it. `segment` then
// refers to the new file.
absl::Status RewriteSegment(io::FileSystem& files, const std::string& directory, uint64_t end,
                            std::string_view seal_group, SegmentFile& segment);

// A group with nothing but a seal, at `offset`. Everything before it is durable.
struct SealGroup {
  uint64_t identity = 0;
  LogPosition position;
  GroupNumber number;
  Timestamp time;
  Sequence last_sequence;
  SealBody body;
};
std::string EncodeSealGroup(const SealGroup& seal);

}  // namespace mts::log
