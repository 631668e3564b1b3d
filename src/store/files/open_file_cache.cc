#include "store/files/open_file_cache.h"

#include <utility>

#include "base/status.h"

namespace mts::store {

std::shared_ptr<OpenPayloadFile> OpenFileCache::Find(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = places_.find(key);
  if (found == places_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return found->second->second;
}

absl::StatusOr<std::shared_ptr<OpenPayloadFile>> OpenFileCache::Get(const std::string& key) {
  if (std::shared_ptr<OpenPayloadFile> file = Find(key); file != nullptr) return file;
  MTS_ASSIGN_OR_RETURN(std::shared_ptr<OpenPayloadFile> file, Open(key));
  std::shared_ptr<OpenPayloadFile> pushed_out;  // closed after the lock
  absl::MutexLock lock(&mutex_);
  if (places_.contains(key)) return file;
  recent_.emplace_front(key, file);
  places_[key] = recent_.begin();
  if (recent_.size() > capacity_) {
    pushed_out = std::move(recent_.back().second);
    places_.erase(recent_.back().first);
    recent_.pop_back();
  }
  return file;
}

absl::StatusOr<std::shared_ptr<OpenPayloadFile>> OpenFileCache::Open(const std::string& key) {
  // A file moves from incoming/ to its place only, so that it is met in one of these three looks.
  absl::StatusOr<std::unique_ptr<io::File>> file = files_.Open(paths_.Kept(key), io::OpenMode::kRead);
  if (absl::IsNotFound(file.status())) file = files_.Open(paths_.Incoming(key), io::OpenMode::kRead);
  if (absl::IsNotFound(file.status())) file = files_.Open(paths_.Kept(key), io::OpenMode::kRead);
  if (!file.ok()) return file.status();
  auto opened = std::make_shared<OpenPayloadFile>();
  opened->file = *std::move(file);
  MTS_ASSIGN_OR_RETURN(opened->size, opened->file->Size());
  return opened;
}

void OpenFileCache::Forget(const std::string& key) {
  std::shared_ptr<OpenPayloadFile> forgotten;
  absl::MutexLock lock(&mutex_);
  const auto found = places_.find(key);
  if (found == places_.end()) return;
  forgotten = std::move(found->second->second);
  recent_.erase(found->second);
  places_.erase(found);
}

}  // namespace mts::store
