// The one thread that owns the log's tail. It takes what waits, decides it in order, writes it as one commit group,
// syncs once and answers (group commit): nobody waits on a timer while the disk is idle, and one sync serves everyone
// who came during the sync before.
//
// Promises held here: P1 (answers after the sync), P2 (sequences in commit order), P6 (an error of write or sync on the
// active segment ends writing until restart; no room for a new segment refuses and goes on).
//
// Threading: Submit from any thread; the rest by the owner. Answers come from the commit thread while it is lightly
// loaded, from an answering thread otherwise. Errors: UNAVAILABLE after a failed write or shutdown, RESOURCE_EXHAUSTED
// when the queue is full or the disk is. Limits: kMaxQueuedBytes, kMaxQueuedAppends.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "io/file_system.h"
#include "log/answerer.h"
#include "log/operation.h"
#include "log/segment_pool.h"
#include "log/segment_set.h"
#include "log/state.h"
#include "log/watermarks.h"

namespace mts::log {

enum class Durability { kCommit, kInterval, kNone };

class Committer {
 public:
  struct Options {
    uint64_t segment_bytes = 0;
    Durability durability = Durability::kCommit;
    int64_t sync_interval_micros = 0;  // kInterval
    const Clock* clock = nullptr;
    // After each group became visible, with its messages; must be quick.
    std::function<void(absl::Span<const VisibleMessage>)> visible;
    // After everything that became visible so far is durable (commit thread); may be empty.
    std::function<void()> durable;
    // After each group, on the commit thread with nothing half done: state, segments and position belong together then.
    std::function<void(LogPosition end, uint64_t group_bytes)> committed;
  };

  // Opens the first segment. The references outlive the committer.
  static absl::StatusOr<std::unique_ptr<Committer>> Start(Options options, State& state, SegmentSet& segments,
                                                          SegmentPool& pool, Watermarks& watermarks,
                                                          SegmentNumber first_segment, LogPosition durable_through);
  ~Committer();

  void Submit(std::unique_ptr<Operation> operation);
  // The most record bytes that one operation may have.
  uint64_t max_operation_bytes() const;
  // True when nothing was committed lately.
  bool Idle() const;
  // While set, operations that publish are refused with RESOURCE_EXHAUSTED and this text.
  void StopPublishing(bool stop) { publishing_stopped_ = stop; }
  // For weak durability: syncs what was written. Only from within the `committed` callback.
  absl::Status EnsureDurable();
  // The error that ended writing, or OK.
  absl::Status failure() const;
  struct Queue {
    uint64_t operations = 0;
    uint64_t bytes = 0;
  };
  // What was submitted and not taken yet.
  Queue queue() const;

  // Commits and answers what was submitted, syncs, ends the thread. Later submissions get UNAVAILABLE.
  void Shutdown();

 private:
  struct Active {
    std::shared_ptr<io::File> file;
    SegmentNumber number;
    uint64_t identity = 0;
    uint64_t end = 0;  // where the next group goes
    uint64_t messages = 0;
    Sequence first;
    Sequence last;
  };
  using Operations = std::vector<std::unique_ptr<Operation>>;

  Committer(Options options, State& state, SegmentSet& segments, SegmentPool& pool, Watermarks& watermarks);

  void Run();
  // Waits for work; false at the end. In kInterval it also returns when a sync is due, with nothing taken.
  bool TakeQueued(Operations& operations);
  void CommitAll(Operations& operations);
  // Commits the operations [begin, returned) as one group.
  size_t CommitGroup(Operations& operations, size_t begin);
  size_t DecideGroup(Operations& operations, size_t begin, GroupBuilder& group);
  absl::Status WriteGroup(GroupBuilder& group);
  void MakeVisible(const GroupBuilder& group, Operations& decided);
  void ReserveSequences(GroupBuilder& group, uint64_t messages);

  // OK when the operation may be committed into the active segment, which is changed for a new one if need be.
  absl::Status MakeRoom(const Operation& operation);
  absl::Status OpenSegment(SegmentNumber number);
  absl::Status SealActive();
  absl::Status SyncActive();
  bool SyncIsDue() const;
  void Fail(const absl::Status& status);
  void Refuse(std::unique_ptr<Operation> operation, const absl::Status& status);
  Timestamp CommitTime() const;

  const Options options_;
  State& state_;
  SegmentSet& segments_;
  SegmentPool& pool_;
  Watermarks& watermarks_;

  // The commit thread's own.
  Active active_;
  LogPosition durable_;
  bool unsynced_ = false;
  bool must_sync_ = false;  // the group holds what is synced in weak durability too
  int64_t last_sync_micros_ = 0;

  std::atomic<int64_t> last_commit_micros_{0};
  std::atomic<bool> publishing_stopped_{false};

  mutable absl::Mutex mutex_;
  absl::CondVar work_;
  Operations queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);

  Answerer answerer_;
  std::thread thread_;
};

}  // namespace mts::log
