// Reads an index file, of a segment or a tier, from its beginning to its end: for doctor, and where one looks wrong.
//
// Threading: any thread. Errors: DATA_LOSS saying what and where; those of the file system. Limits: some 64 KiB
// buffers.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "io/file_system.h"

namespace mts::log {

// Every page's checksum, the order of names and lists, that lists and sections agree, and that each name is found.
absl::Status VerifyIndex(io::FileSystem& files, const std::string& path);

}  // namespace mts::log
