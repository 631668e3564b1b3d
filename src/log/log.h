// The embedded engine: one append-only log of messages and consumers in one directory (docs/log_format.md, design
// section 4).
//
// Life: Open recovers the directory; then any number of threads append and read; Shutdown commits and answers what was
// accepted. One thread owns the tail (committer.h); reads never wait for it.
//
// Threading: any thread. `done` callbacks as in store/message_store.h. Errors: as there; Open as recovery.h. Limits:
// memory follows the active segment, the index cache, the subjects and consumers, and the queue of the committer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "base/limits.h"
#include "io/file_system.h"
#include "log/append_operation.h"
#include "log/checkpointer.h"
#include "log/committer.h"
#include "log/news.h"
#include "log/record_reader.h"
#include "log/recovery.h"
#include "log/segment_pool.h"
#include "log/segment_set.h"
#include "log/state.h"
#include "log/state_operations.h"
#include "log/watermarks.h"
#include "store/message_store.h"

namespace mts::log {

struct LogOptions {
  io::FileSystem* files = nullptr;
  std::string directory;  // exists
  const Clock* clock = nullptr;
  uint64_t segment_bytes = limits::kSegmentBytes;
  uint32_t prepared_segments = limits::kPreparedSegments;
  Durability durability = Durability::kCommit;
  int64_t sync_interval_micros = 100'000;  // kInterval
  uint64_t max_subjects = limits::kMaxSubjects;
  uint64_t inline_limit = limits::kInlineLimit;  // at most that
  int64_t deduplication_window_micros = limits::kDeduplicationWindowMicros;
  uint64_t max_deduplication_ids = limits::kMaxDeduplicationIds;
  uint64_t min_free_bytes = limits::kMinFreeBytes;
  uint64_t checkpoint_min_bytes = 32 * limits::kMiB;  // logged between two checkpoints at least
  uint64_t index_cache_bytes = 32 * limits::kMiB;

  // How payload files follow the log; each may be empty.
  KeepPayloads keep_payloads;                   // named by a durable message
  std::function<absl::Status()> sync_payloads;  // before a checkpoint passes them
  std::function<absl::Status(const std::vector<PayloadReference>&)> recover_payloads;  // named by the replayed log
  std::function<void(const std::vector<PayloadReference>&, absl::AnyInvocable<void(absl::Status)>)> remove_payloads;
};

// Since start, but for the segments and what is queued now.
struct LogCounters {
  uint64_t damaged_spots = 0;    // found by recovery
  uint64_t damaged_records = 0;  // met by readers
  uint64_t damaged_indexes = 0;
  uint64_t cut_bytes = 0;  // torn tail
  uint64_t segments = 0;
  uint64_t queued_operations = 0;     // wait for the commit thread
  uint64_t queued_bytes = 0;          // of their records
  uint64_t forgotten_duplicates = 0;  // ids that left the deduplication window before their time
};

class Log {
 public:
  static absl::StatusOr<std::unique_ptr<Log>> Open(LogOptions options);
  ~Log();

  // `order` may be null (see MessageStore::AppendInOrder).
  void Append(absl::Span<const NewMessage> batch, std::shared_ptr<store::AppendOrder> order, store::AppendDone done);
  void SetPosition(Pattern pattern, PositionBody body, store::Done<Sequence> done);
  void DeleteConsumer(const ConsumerId& id, store::Done<bool> done);

  // Blocks on the disk.
  absl::StatusOr<store::MessageBlockPtr> Read(const store::ReadRequest& request);
  absl::StatusOr<store::MessageBlockPtr> ReadOne(std::string_view subject, Sequence sequence,
                                                 uint64_t max_inline_bytes);
  absl::StatusOr<Sequence> LastBefore(Timestamp time);
  absl::StatusOr<uint64_t> CountAfter(const Pattern& pattern, Sequence position);
  // With the exact first sequence also where retention removed messages.
  absl::StatusOr<std::vector<store::SubjectState>> Subjects(const Pattern& pattern, const store::Page& page);
  // Removes the oldest segment if it is past the limits; true if the next may be too.
  absl::StatusOr<bool> ExpireFront(const Retention& limits);

  const Catalogue& catalogue() const { return state_.catalogue; }
  const ConsumerTable& consumers() const { return state_.consumers; }
  std::unique_ptr<store::Watch> WatchNews(const Pattern& pattern, store::NewsCallback callback);
  Sequence visible() const { return Sequence(visible_.load(std::memory_order_acquire)); }
  uint64_t inline_limit() const;
  uint64_t max_inline_batch_bytes() const;
  LogCounters counters() const;
  absl::Status failure() const { return committer_->failure(); }
  // Waits until indexes and merges are done (tests, benchmarks).
  void FinishIndexing() { segments_->FinishIndexing(); }

  void Shutdown();

 private:
  explicit Log(LogOptions options);

  absl::Status Recover();
  absl::Status StartWriting(const RecoveryResult& recovered);
  void SetUpKeeping(Committer::Options& commit_options);
  void RemovePayloads(GroupNumber intent, const std::vector<PayloadReference>& payloads);

  // Retention (expiry.cc).
  bool PastLimits(const SegmentSummary& front, const Retention& limits) ABSL_EXCLUSIVE_LOCKS_REQUIRED(expiry_mutex_);
  bool ClockJumped() ABSL_EXCLUSIVE_LOCKS_REQUIRED(expiry_mutex_);
  absl::StatusOr<FrontRemoval> DescribeFront(const SegmentSummary& front);
  absl::StatusOr<bool> RollIfOld(const SegmentSummary& active, const Retention& limits)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(expiry_mutex_);
  absl::Status RemoveFront(const SegmentSummary& front);
  void WatchFreeSpace();

  const LogOptions options_;
  // What operations call: options_.keep_payloads, or in weak durability what gathers for it until the log is durable.
  // Else a power cut could take the message and leave a file that nothing names.
  KeepPayloads keep_payloads_;
  std::vector<PayloadReference> keep_when_durable_;  // commit thread
  State state_;
  Watermarks watermarks_;
  std::atomic<uint64_t> visible_{0};
  RecordReader reader_;
  uint64_t damaged_spots_ = 0;
  uint64_t cut_bytes_ = 0;
  std::unique_ptr<SegmentSet> segments_;
  std::unique_ptr<SegmentPool> pool_;
  std::unique_ptr<News> news_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<Committer> committer_;

  absl::Mutex expiry_mutex_;
  int64_t last_wall_micros_ ABSL_GUARDED_BY(expiry_mutex_) = 0;
  int64_t last_running_micros_ ABSL_GUARDED_BY(expiry_mutex_) = 0;
  int64_t grace_until_micros_ ABSL_GUARDED_BY(expiry_mutex_) = 0;

  // Shutdown waits for the payload store's answers: they come back to the log.
  absl::Mutex removals_mutex_;
  int removals_under_way_ ABSL_GUARDED_BY(removals_mutex_) = 0;

  absl::Mutex space_mutex_;
  bool stopping_ ABSL_GUARDED_BY(space_mutex_) = false;
  std::thread space_watcher_;
};

}  // namespace mts::log
