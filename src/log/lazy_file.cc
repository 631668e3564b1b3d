#include "log/lazy_file.h"

#include <utility>

#include "base/text.h"

namespace mts::log {

uint64_t OpenFiles::count() const {
  absl::MutexLock lock(&mutex_);
  return open_.size();
}

void OpenFiles::Enter(LazyFile* file) {
  absl::MutexLock lock(&mutex_);
  open_.push_back(file);
  // One round gives every file a second chance, the next one closes.
  for (size_t tries = 2 * open_.size(); open_.size() > max_open_ && tries > 0; --tries) {
    LazyFile* oldest = open_.front();
    open_.pop_front();
    if (oldest == file || !oldest->CloseIfUnused()) open_.push_back(oldest);
  }
}

void OpenFiles::Leave(LazyFile* file) {
  absl::MutexLock lock(&mutex_);
  open_.remove(file);
}

LazyFile::LazyFile(OpenFiles& open_files, std::string path, io::OpenMode mode, std::shared_ptr<io::File> opened)
    : open_files_(open_files), path_(std::move(path)), mode_(mode), file_(std::move(opened)), last_(file_) {
  if (file_ != nullptr) open_files_.Enter(this);
}

LazyFile::~LazyFile() { open_files_.Leave(this); }

absl::StatusOr<std::shared_ptr<io::File>> LazyFile::Get() {
  used_.store(true, std::memory_order_relaxed);
  std::shared_ptr<io::File> file;
  {
    absl::MutexLock lock(&mutex_);
    if (retired_) return absl::NotFoundError(Concat(path_, " was removed"));
    if (file_ != nullptr) return file_;
    file = last_.lock();
    if (file == nullptr) {
      absl::StatusOr<std::unique_ptr<io::File>> opened = open_files_.files().Open(path_, mode_);
      if (!opened.ok()) return std::move(opened).status();
      file = *std::move(opened);
    }
    file_ = file;
    last_ = file;
  }
  open_files_.Enter(this);
  return file;
}

std::shared_ptr<io::File> LazyFile::Retire() {
  absl::MutexLock lock(&mutex_);
  retired_ = true;
  std::shared_ptr<io::File> file = std::move(file_);
  file_ = nullptr;
  if (file == nullptr && last_.expired()) {
    absl::StatusOr<std::unique_ptr<io::File>> opened = open_files_.files().Open(path_, mode_);
    if (!opened.ok()) return nullptr;
    file = *std::move(opened);
  }
  if (file == nullptr || file.use_count() != 1) return nullptr;
  return file;
}

bool LazyFile::retired() const {
  absl::MutexLock lock(&mutex_);
  return retired_;
}

bool LazyFile::CloseIfUnused() {
  if (used_.exchange(false, std::memory_order_relaxed)) return false;
  std::shared_ptr<io::File> closed;  // destroyed after the lock
  absl::MutexLock lock(&mutex_);
  closed = std::move(file_);
  file_ = nullptr;
  return true;
}

}  // namespace mts::log
