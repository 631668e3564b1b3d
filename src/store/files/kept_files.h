// Moves payload files that a durable message names from incoming/ to their places, in the background.
//
// A move is safe at any time: until Sync, a crash leaves the file in one of the two places, and recovery and readers
// look in both. Directories are made durable before a file moves into them.
//
// Threading: any thread. Errors: a move that fails is tried again by the next Sync, which then says why. Limits: 65,536
// directories; the queue holds a key for each file whose move was not possible yet.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "io/file_system.h"
#include "store/files/payload_paths.h"

namespace mts::store {

class KeptFiles {
 public:
  KeptFiles(io::FileSystem* files, const PayloadPaths* paths) : files_(*files), paths_(*paths) {}

  // Answers whether a call of MoveQueued is needed and none has been promised yet.
  bool Enqueue(std::vector<std::string> keys);
  // Moves what is queued now; blocks on the disk.
  absl::Status MoveQueued();
  // Moves what is queued and makes all moves so far durable.
  absl::Status Sync();

 private:
  absl::Status MoveQueuedLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(disk_mutex_);
  std::deque<std::string> TakeQueue();
  void PutBack(std::deque<std::string> keys);
  absl::Status MakeDirectories(const std::deque<std::string>& keys) ABSL_EXCLUSIVE_LOCKS_REQUIRED(disk_mutex_);
  absl::Status Move(const std::string& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(disk_mutex_);

  io::FileSystem& files_;
  const PayloadPaths& paths_;

  absl::Mutex queue_mutex_;
  std::deque<std::string> queue_ ABSL_GUARDED_BY(queue_mutex_);
  bool move_promised_ ABSL_GUARDED_BY(queue_mutex_) = false;

  absl::Mutex disk_mutex_ ABSL_ACQUIRED_BEFORE(queue_mutex_);  // held while files move
  std::set<FanOut> durable_directories_ ABSL_GUARDED_BY(disk_mutex_);
  std::set<FanOut> unsynced_directories_ ABSL_GUARDED_BY(disk_mutex_);
};

}  // namespace mts::store
