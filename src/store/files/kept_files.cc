#include "store/files/kept_files.h"

#include <iterator>
#include <utility>

#include "base/status.h"

namespace mts::store {

bool KeptFiles::Enqueue(std::vector<std::string> keys) {
  absl::MutexLock lock(&queue_mutex_);
  std::move(keys.begin(), keys.end(), std::back_inserter(queue_));
  return !std::exchange(move_promised_, true);
}

std::deque<std::string> KeptFiles::TakeQueue() {
  absl::MutexLock lock(&queue_mutex_);
  move_promised_ = false;
  return std::exchange(queue_, {});
}

void KeptFiles::PutBack(std::deque<std::string> keys) {
  absl::MutexLock lock(&queue_mutex_);
  std::move(keys.begin(), keys.end(), std::back_inserter(queue_));
}

absl::Status KeptFiles::MoveQueued() {
  absl::MutexLock lock(&disk_mutex_);
  return MoveQueuedLocked();
}

absl::Status KeptFiles::MoveQueuedLocked() {
  std::deque<std::string> keys = TakeQueue();
  if (keys.empty()) return absl::OkStatus();
  if (absl::Status status = MakeDirectories(keys); !status.ok()) {
    PutBack(std::move(keys));
    return status;
  }
  absl::Status first_error;
  std::deque<std::string> failed;
  for (std::string& key : keys) {
    absl::Status status = Move(key);
    if (status.ok()) continue;
    if (first_error.ok()) first_error = std::move(status);
    failed.push_back(std::move(key));
  }
  PutBack(std::move(failed));
  return first_error;
}

// The names of the directories are synced before anything moves into them, the upper ones first; all are made before
// the first sync, so that a journal writes them at once.
absl::Status KeptFiles::MakeDirectories(const std::deque<std::string>& keys) {
  std::set<FanOut> made;
  std::set<std::string> parents;
  for (const std::string& key : keys) {
    const FanOut fan_out = FanOut::OfKey(key);
    if (durable_directories_.contains(fan_out) || !made.insert(fan_out).second) continue;
    const std::string upper = paths_.UpperDirectory(fan_out);
    if (parents.insert(upper).second) MTS_RETURN_IF_ERROR(files_.CreateDirectory(upper));
    MTS_RETURN_IF_ERROR(files_.CreateDirectory(paths_.Directory(fan_out)));
  }
  if (made.empty()) return absl::OkStatus();
  MTS_RETURN_IF_ERROR(files_.SyncDirectory(paths_.root()));
  for (const std::string& parent : parents) MTS_RETURN_IF_ERROR(files_.SyncDirectory(parent));
  durable_directories_.insert(made.begin(), made.end());
  return absl::OkStatus();
}

absl::Status KeptFiles::Move(const std::string& key) {
  const std::string from = paths_.Incoming(key);
  // Whatever the rename answers: one that failed may have happened, and one that finds nothing may have happened
  // before.
  unsynced_directories_.insert(FanOut::OfKey(key));
  const absl::Status status = files_.Rename(from, paths_.Kept(key));
  if (absl::IsNotFound(status)) return absl::OkStatus();  // moved already, or removed in the meantime
  MTS_RETURN_IF_ERROR(status);
  // A crash may have left the file under both names; then a rename changes nothing and the old one has to go by itself.
  const absl::Status removed = files_.Remove(from);
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

absl::Status KeptFiles::Sync() {
  absl::MutexLock lock(&disk_mutex_);
  MTS_RETURN_IF_ERROR(MoveQueuedLocked());
  if (unsynced_directories_.empty()) return absl::OkStatus();
  // The new names first: a crash between the two must leave at least one.
  for (const FanOut fan_out : unsynced_directories_) {
    MTS_RETURN_IF_ERROR(files_.SyncDirectory(paths_.Directory(fan_out)));
  }
  MTS_RETURN_IF_ERROR(files_.SyncDirectory(paths_.incoming()));
  unsynced_directories_.clear();
  return absl::OkStatus();
}

}  // namespace mts::store
