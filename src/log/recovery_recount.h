// Counts a segment's messages in the catalogue from its index: for a start whose checkpoint counted other segments than
// there are.
//
// Threading: one thread. Errors: those of reading the index, DATA_LOSS when it is of another segment; nothing is
// counted then.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/catalogue.h"
#include "log/segment_set.h"

namespace mts::log {

absl::StatusOr<SegmentSummary> CountSegmentByIndex(io::FileSystem& files, const std::string& path, uint64_t identity,
                                                   Catalogue& catalogue);

}  // namespace mts::log
