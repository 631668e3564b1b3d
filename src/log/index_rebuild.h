// Makes the index of a sealed segment again by reading the segment.
//
// Threading: any thread. Errors: those of reading; damaged records are left out. Limits: reads the whole segment,
// memory of one chunk or group and the index itself.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/catalogue.h"
#include "log/memory_index.h"

namespace mts::log {

absl::StatusOr<std::shared_ptr<MemoryIndex>> RebuildIndex(io::File& file, const std::string& path,
                                                          const SegmentSummary& summary, const Catalogue& catalogue);

}  // namespace mts::log
