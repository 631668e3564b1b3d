// Files for coming segments: written ahead while the disk is idle, or used before and expired. Writing into blocks that
// were written before makes a sync two to three times faster than appending (docs/performance.md).
//
// Threading: Take and Recycle from the commit thread, the filling by a thread of its own, Shutdown by the owner.
// Errors: RESOURCE_EXHAUSTED when there is no room for a new segment. Limits: `prepared` files at most; a file with
// other hard links or readers is never written again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "io/file_system.h"
#include "log/format.h"

namespace mts::log {

class SegmentPool {
 public:
  struct Options {
    io::FileSystem* files = nullptr;
    std::string directory;
    uint64_t segment_bytes = 0;
    uint32_t prepared = 0;            // 0: nothing is written ahead
    uint64_t min_free_bytes = 0;      // nothing is written ahead below this
    std::function<bool()> disk_idle;  // asked before each piece that is written ahead
  };
  // Takes over the .prepared files of the directory that have the right size, removes the others.
  static absl::StatusOr<std::unique_ptr<SegmentPool>> Open(Options options);
  ~SegmentPool();

  // A file under the segment's name with a synced header, its directory synced.
  absl::StatusOr<std::shared_ptr<io::File>> Take(const SegmentHeader& header);
  // The file of a removed segment: kept for Take if there is room in the pool and nobody else holds it, else unlinked.
  absl::Status Recycle(SegmentNumber number, const std::shared_ptr<io::File>& file);

  uint32_t ready() const;
  void Shutdown();

 private:
  explicit SegmentPool(Options options) : options_(std::move(options)) {}

  std::string NewName();
  absl::StatusOr<std::string> Grab(const std::string& target);
  absl::StatusOr<std::shared_ptr<io::File>> CreateAllocated(const std::string& path);
  bool StoppedWithin(absl::Duration pause);
  void FillLoop();
  bool MayFill();
  // False when it was interrupted or failed.
  bool WriteOneAhead();

  const Options options_;
  mutable absl::Mutex mutex_;
  std::vector<std::string> ready_ ABSL_GUARDED_BY(mutex_);  // paths
  uint64_t next_name_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread filler_;
};

}  // namespace mts::log
