// A message store in memory: the waist's behaviour without an engine, for tests of what stands above it. It keeps
// everything until the process ends; the conformance suite holds it to the same rules as the real ones.
//
// Threading: any thread; answers before the call returns, without a lock held. Errors: as the waist's; SetAppendError
// adds any. Limits: none but max_subjects.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/limits.h"
#include "store/message_store.h"

namespace mts::store {

class MemoryMessageStore : public MessageStore {
 public:
  struct Options {
    uint64_t inline_limit = limits::kInlineLimit;
    uint64_t max_inline_batch_bytes = limits::kMaxInlineBatchBytes;
    uint64_t max_subjects = limits::kMaxSubjects;
    const Clock* clock = &SystemClock();
  };

  MemoryMessageStore() : MemoryMessageStore(Options()) {}
  explicit MemoryMessageStore(const Options& options);
  ~MemoryMessageStore() override;

  // What every later append answers; OK: as usual.
  void SetAppendError(absl::Status status);

  uint64_t inline_limit() const override { return options_.inline_limit; }
  uint64_t max_inline_batch_bytes() const override { return options_.max_inline_batch_bytes; }
  void Append(absl::Span<const NewMessage> batch, AppendDone done) override;
  void Read(ReadRequest request, Done<MessageBlockPtr> done) override;
  void ReadOne(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes,
               Done<MessageBlockPtr> done) override;
  void Last(const Pattern& pattern, Done<Sequence> done) override;
  void LastBefore(Timestamp time, Done<Sequence> done) override;
  void Position(const ConsumerId& id, Done<std::optional<Sequence>> done) override;
  void Advance(const ConsumerId& id, Sequence to, Done<Sequence> done) override;
  void Reset(const ConsumerId& id, Sequence to, Done<Sequence> done) override;
  void DeleteConsumer(const ConsumerId& id, Done<bool> done) override;
  std::unique_ptr<Watch> WatchNews(const Pattern& pattern, NewsCallback callback) override;
  void Subjects(const Pattern& pattern, const Page& page, Done<std::vector<SubjectState>> done) override;
  void Consumers(std::string_view subject, const Page& page, Done<std::vector<ConsumerState>> done) override;
  void Info(Done<StoreInfo> done) override;
  void CountAfter(const Pattern& pattern, Sequence position, Done<uint64_t> done) override;
  void Expire(const Retention& limits, Done<bool> done) override;
  void Shutdown() override;

 private:
  class MemoryWatch;
  class MemoryBlock;
  struct Kept;
  using ConsumerKey = std::pair<std::string, std::string>;  // subject, durable name

  absl::Status Check(absl::Span<const NewMessage> batch, AppendOutcome& outcome) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Store(const NewMessage& message, uint32_t position, AppendOutcome& outcome)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Sequence LastOf(const Pattern& pattern) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemoveFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tell(const std::map<std::string, Sequence>& news);
  absl::StatusOr<Sequence> Move(const ConsumerId& id, Sequence to, bool back);

  const Options options_;
  absl::Mutex mutex_;
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status append_error_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::shared_ptr<const Kept>> messages_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, SubjectState> subjects_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, Sequence> ids_ ABSL_GUARDED_BY(mutex_);  // subject, message id
  std::map<ConsumerKey, ConsumerState> consumers_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex watch_mutex_;
  std::set<MemoryWatch*> watches_ ABSL_GUARDED_BY(watch_mutex_);
};

}  // namespace mts::store
