// One live segment: what is known of it, its file, its index.
//
// Threading: any thread. The index changes from memory to disk, and back when that one is damaged; nothing else
// changes.
#pragma once

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "log/disk_index.h"
#include "log/lazy_file.h"
#include "log/memory_index.h"
#include "log/segment_index.h"

namespace mts::log {

class Segment {
 public:
  enum class Kind { kActive, kSealed };
  // `upper`: no message of this or an earlier segment has a greater sequence; meaningless while active.
  Segment(Kind kind, const SegmentSummary& summary, Sequence upper, std::shared_ptr<LazyFile> file,
          std::shared_ptr<MemoryIndex> memory, std::shared_ptr<DiskIndex> disk)
      : kind_(kind),
        summary_(summary),
        upper_(upper),
        file_(std::move(file)),
        memory_(std::move(memory)),
        disk_(std::move(disk)) {}

  SegmentNumber number() const { return summary_.number; }
  uint64_t identity() const { return summary_.identity; }
  bool sealed() const { return kind_ == Kind::kSealed; }
  // Up to date for the active one too.
  SegmentSummary Summary() const { return sealed() ? summary_ : index()->Summary(); }
  // Of a sealed one.
  const SegmentSummary& sealed_summary() const { return summary_; }
  Sequence upper() const { return sealed() ? upper_ : kMaxSequence; }
  const std::shared_ptr<LazyFile>& file() const { return file_; }
  bool removed() const { return file_->retired(); }

  std::shared_ptr<const SegmentIndex> index() const {
    absl::MutexLock lock(&mutex_);
    if (memory_ != nullptr) return memory_;
    return disk_;
  }
  std::shared_ptr<MemoryIndex> memory_index() const {
    absl::MutexLock lock(&mutex_);
    return memory_;
  }
  // Null while there is one in memory.
  std::shared_ptr<DiskIndex> disk_index() const {
    absl::MutexLock lock(&mutex_);
    return memory_ == nullptr ? disk_ : nullptr;
  }
  void SetMemoryIndex(std::shared_ptr<MemoryIndex> index) {
    absl::MutexLock lock(&mutex_);
    memory_ = std::move(index);
    disk_ = nullptr;
  }
  void SetDiskIndex(std::shared_ptr<DiskIndex> index) {
    std::shared_ptr<MemoryIndex> freed;  // after the lock
    absl::MutexLock lock(&mutex_);
    freed = std::move(memory_);
    memory_ = nullptr;
    disk_ = std::move(index);
  }

 private:
  const Kind kind_;
  const SegmentSummary summary_;
  const Sequence upper_;
  const std::shared_ptr<LazyFile> file_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<MemoryIndex> memory_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<DiskIndex> disk_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::log
