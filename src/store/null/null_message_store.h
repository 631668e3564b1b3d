// Answers as a message store without storing anything: what the doors cost by themselves (`bench --target null`).
//
// It behaves as if kHeld messages were there already. Appending gives the next sequences at once; reading brings as
// many 256-byte messages as were asked for, whatever was appended; positions are accepted and forgotten; news are told.
// Threading: any thread; answers before the call returns. Errors: none. Limits: a read brings at most kMaxRead
// messages.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "store/message_store.h"

namespace mts::store {

class NullMessageStore : public MessageStore {
 public:
  static constexpr uint32_t kMaxRead = 10'000;
  static constexpr uint64_t kPayloadBytes = 256;
  static constexpr uint64_t kHeld = 1'000'000'000;

  NullMessageStore();
  ~NullMessageStore() override;

  uint64_t inline_limit() const override;
  uint64_t max_inline_batch_bytes() const override;
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
  class NullWatch;
  void Tell(std::string_view subject, Sequence last);

  std::atomic<uint64_t> last_{kHeld};
  std::atomic<int> watching_{0};
  absl::Mutex mutex_;
  std::set<NullWatch*> watches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::store
