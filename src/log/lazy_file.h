// Files that are opened when they are needed and closed again when too many are open, so that a store of many thousand
// segments does not need as many descriptors.
//
// Threading: any thread. A LazyFile has at most one io::File alive at a time, also when a reader keeps one that was
// closed here. Errors: those of opening; NOT_FOUND after Retire. Limits: about `max_open` files plus those that readers
// hold.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "io/file_system.h"

namespace mts::log {

class LazyFile;

// The files that are open, with a clock hand over them; must outlive its files.
class OpenFiles {
 public:
  OpenFiles(io::FileSystem& files, uint64_t max_open) : files_(files), max_open_(max_open) {}
  io::FileSystem& files() const { return files_; }
  uint64_t count() const;

 private:
  friend class LazyFile;
  void Enter(LazyFile* file);
  void Leave(LazyFile* file);

  io::FileSystem& files_;
  const uint64_t max_open_;
  mutable absl::Mutex mutex_;  // taken before a LazyFile's
  std::list<LazyFile*> open_ ABSL_GUARDED_BY(mutex_);
};

class LazyFile {
 public:
  // `opened`: the file, when it is open already.
  LazyFile(OpenFiles& open_files, std::string path, io::OpenMode mode, std::shared_ptr<io::File> opened = nullptr);
  ~LazyFile();
  LazyFile(const LazyFile&) = delete;
  LazyFile& operator=(const LazyFile&) = delete;

  absl::StatusOr<std::shared_ptr<io::File>> Get();
  // No Get succeeds afterwards. Answers the file when nobody else holds it, else null.
  std::shared_ptr<io::File> Retire();
  bool retired() const;
  const std::string& path() const { return path_; }

 private:
  friend class OpenFiles;
  // False when it was used since the last call: not yet. True: it is closed here.
  bool CloseIfUnused();

  OpenFiles& open_files_;
  const std::string path_;
  const io::OpenMode mode_;
  std::atomic<bool> used_{true};
  mutable absl::Mutex mutex_;
  std::shared_ptr<io::File> file_ ABSL_GUARDED_BY(mutex_);
  std::weak_ptr<io::File> last_ ABSL_GUARDED_BY(mutex_);  // still alive while a reader holds it
  bool retired_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace mts::log
