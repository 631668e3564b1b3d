// A tree of files that is made beside its final name: linked where it may be, copied where it must be, taken over from
// an earlier backup where that has the same file already.
//
// Threading: one thread. Errors: those of the disk. Nothing is durable before Sync.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "maintenance/progress_sink.h"

namespace mts::maintenance {

struct CopyCounts {
  uint64_t linked = 0;
  uint64_t copied = 0;
  uint64_t taken_over = 0;  // were in the earlier backup
  uint64_t copied_bytes = 0;
};

class BackupFiles {
 public:
  // `earlier` may be empty: there is none. With `copy_all`, nothing is linked to the source.
  BackupFiles(io::FileSystem& files, std::string target, std::string earlier, bool copy_all,
              const ProgressSink& progress)
      : files_(files),
        target_(std::move(target)),
        earlier_(std::move(earlier)),
        copy_all_(copy_all),
        progress_(progress) {}

  // A file that never changes under its name, from `source` to `name` below the target. NOT_FOUND when it is gone. Fine
  // when it is there already.
  absl::Status Add(const std::string& source, const std::string& name);
  // The first `length` bytes, always as a copy.
  absl::Status AddCopy(io::File& source, const std::string& name, uint64_t length);
  absl::Status AddText(const std::string& name, std::string_view text);
  // Makes all names durable.
  absl::Status Sync();

  std::string PathOf(const std::string& name) const { return io::JoinPath(target_, name); }
  const CopyCounts& counts() const { return counts_; }

 private:
  absl::Status MakeParent(const std::string& path);
  // True when it was taken from the earlier backup.
  absl::StatusOr<bool> TakeOver(const std::string& source, const std::string& name);

  io::FileSystem& files_;
  const std::string target_;
  const std::string earlier_;
  const bool copy_all_;
  const ProgressSink& progress_;
  bool can_link_ = true;  // until the file system says that source and target are two
  std::set<std::string> made_;
  CopyCounts counts_;
};

// "/data/" as "/data", so that paths below it have the same beginning.
std::string WithoutTrailingSlash(std::string path);

// Removes a directory with all that is in it; fine when it is not there.
absl::Status RemoveTree(io::FileSystem& files, const std::string& directory);

}  // namespace mts::maintenance
