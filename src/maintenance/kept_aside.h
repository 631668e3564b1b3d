// The folder that a repair puts what it takes away into: DIR/doctor/<time>/, with the paths below it as they were below
// DIR.
//
// Threading: one thread. Errors: those of the disk. The folder is made with the first file.
#pragma once

#include <set>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "io/file_system.h"

namespace mts::maintenance {

class KeptAside {
 public:
  KeptAside(io::FileSystem& files, std::string data_dir, Timestamp now);

  // A second name for the file below `data_dir`, which stays where it is. Fine when it was done before.
  absl::Status Keep(const std::string& path);
  // The file is only here from now on. Fine when there is none.
  absl::Status Move(const std::string& path);
  // Makes all names of the folder durable.
  absl::Status Sync();

  // Empty: nothing was kept.
  const std::string& directory() const { return directory_; }

 private:
  absl::Status MakeDirectory();

  io::FileSystem& files_;
  const std::string data_dir_;
  const std::string name_;
  std::string directory_;
  std::set<std::string> made_;
};

}  // namespace mts::maintenance
