// Writes the .index file of a sealed segment from its memory index.
//
// Threading: any thread, one writer a file. Errors: those of the file system; no half file is left under the final
// name. Limits: some buffers of at most 1 MiB, 32 bytes a subject of the segment while they are sorted.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "io/file_system.h"
#include "log/memory_index.h"

namespace mts::log {

// Under `path`.tmp, synced, renamed.
absl::Status WriteSegmentIndex(io::FileSystem& files, const std::string& path, const MemoryIndex& index);

}  // namespace mts::log
