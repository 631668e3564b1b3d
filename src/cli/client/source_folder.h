// What `pub --file DIR` sends: the regular files below a folder.
//
// Threading: one thread. Errors: a folder that cannot be read. Limits: the list of all names lies in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace mts::cli {

struct SourceFile {
  std::string name;  // relative to the folder
  uint64_t size = 0;
  uint32_t mode = 0;
  int64_t modified_nanos = 0;
};

struct SourceFolder {
  std::vector<SourceFile> files;        // sorted by name
  std::vector<std::string> skipped;     // symbolic links, devices, sockets, pipes
  std::vector<std::string> unreadable;  // folders that cannot be listed, with the reason
  uint64_t bytes = 0;
};

// Does not follow symbolic links below `path`.
absl::StatusOr<SourceFolder> ListSourceFolder(const std::string& path);

}  // namespace mts::cli
