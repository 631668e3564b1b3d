// Lists the payload files of a directory page by page: first what incoming/ holds, but for what is being written, then
// each of the 256 upper directories.
//
// Threading: pure functions over the disk. Errors: those of the disk; INVALID_ARGUMENT for a `from` that is no page's
// `next`. Limits: a page holds all files of one upper directory.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "store/files/files_under_way.h"
#include "store/files/payload_paths.h"
#include "store/object_inventory.h"

namespace mts::store {

absl::StatusOr<ObjectInventory::ObjectPage> ListPayloadPage(io::FileSystem& files, const PayloadPaths& paths,
                                                            const FilesUnderWay& under_way, std::string_view from);

}  // namespace mts::store
