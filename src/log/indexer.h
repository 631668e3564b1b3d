// The background thread that writes the index files of sealed segments, merges tiers, and has damaged ones made again.
//
// Threading: any thread. Errors: what cannot be written is tried again each second and with every change; meanwhile
// nobody waits for it, so that a full disk can still be emptied. Limits: kMaxUnindexedSegments, see WaitForRoom.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "io/file_system.h"
#include "log/segment_list.h"
#include "log/tier_merge.h"

namespace mts::log {

class Indexer {
 public:
  struct Options {
    std::string directory;
    OpenFiles* open_files = nullptr;
    BlockCache* cache = nullptr;
    SegmentList* segments = nullptr;
    const Catalogue* catalogue = nullptr;
  };
  explicit Indexer(Options options);
  ~Indexer();

  // A sealed segment with its index in memory.
  void Enqueue(std::shared_ptr<Segment> segment);
  // Waits while more than kMaxUnindexedSegments are enqueued, unless they cannot be written.
  void WaitForRoom();
  // Segments came or went: there may be something to merge or to clean.
  void Changed();
  // Waits until nothing is left to do, or something failed again.
  void Finish();

  // For who found the index of a sealed segment unusable: gives it one in memory, made from the segment. OK when
  // another did that in the meantime.
  absl::Status Rebuild(const std::shared_ptr<Segment>& segment, const absl::Status& why);
  // For who found a tier unusable.
  void DropTier(const std::shared_ptr<Tier>& tier, const absl::Status& why);
  // Takes the files of tiers away that are out of the list.
  void RemoveTierFiles(const SegmentList::Tiers& tiers);
  void CountDamage() { damaged_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t damaged() const { return damaged_.load(std::memory_order_relaxed); }

 private:
  void Run();
  // False: the store is closing.
  bool WaitForWork(std::shared_ptr<Segment>& segment);
  void Done(const absl::Status& status, bool more);
  absl::Status WriteIndex(Segment& segment);
  // Sets `more` when it merged something.
  absl::Status MergeOnce(bool& more);
  absl::Status InstallTier(const MergePlan& plan, const std::string& path);
  absl::Status RebuildNow(const std::shared_ptr<Segment>& segment, const absl::Status& why);
  // Index files of segments that are gone, left by a crash.
  void RemoveStaleIndexes();
  std::string PathOf(SegmentNumber number) const;
  io::FileSystem& files() const { return options_.open_files->files(); }

  const Options options_;
  std::atomic<uint64_t> damaged_{0};
  std::atomic<bool> stop_{false};
  bool stale_removed_ = false;  // the thread's own

  absl::Mutex rebuild_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);  // one at a time
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<std::shared_ptr<Segment>> queue_ ABSL_GUARDED_BY(mutex_);  // the first one is being written
  bool merge_due_ ABSL_GUARDED_BY(mutex_) = false;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;
  bool retry_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace mts::log
