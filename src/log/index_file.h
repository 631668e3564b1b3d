// The beginning and the end of an index file's life: its header is read, or written at last.
//
// Threading: any thread. Errors: NOT_FOUND when there is no file; DATA_LOSS for a damaged header or a file of another
// size than it says; those of the file system.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/index_format.h"
#include "log/paged_file.h"

namespace mts::log {

absl::StatusOr<IndexHeader> ReadIndexHeader(io::FileSystem& files, const std::string& path);

// Ends the file with its header and gives it its name; `temporary` is removed when that fails. The directory is not
// synced: an index that is lost is made again.
absl::Status FinishIndexFile(io::FileSystem& files, const std::string& temporary, const std::string& path,
                             std::unique_ptr<PagedWriter> writer, IndexHeader header);

}  // namespace mts::log
