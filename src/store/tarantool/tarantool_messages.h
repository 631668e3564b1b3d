// What tarantool_store.h promises, over the client (iproto/client.h), the queue of appends and the feed of news.
//
// Threading, errors, limits: as there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iproto/client.h"
#include "store/tarantool/append_queue.h"
#include "store/tarantool/news_feed.h"
#include "store/tarantool/tarantool_store.h"

namespace mts::store {

class TarantoolMessages : public TarantoolStore {
 public:
  explicit TarantoolMessages(TarantoolOptions options);
  absl::Status Start();
  ~TarantoolMessages() override;

  uint64_t inline_limit() const override { return options_.inline_limit; }
  uint64_t max_inline_batch_bytes() const override { return limits::kMaxInlineBatchBytes; }
  void Append(absl::Span<const NewMessage> batch, AppendDone done) override;
  void AppendInOrder(std::shared_ptr<AppendOrder> order, absl::Span<const NewMessage> batch, AppendDone done) override;
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

  absl::Status Ready() const override { return client_->status(); }
  void NamedKeys(std::vector<std::string> keys, Done<std::vector<std::string>> done) override;
  void LiveBytes(std::vector<ObjectBytes> objects, Done<std::vector<uint64_t>> done) override;
  void PayloadsOf(std::string key, Sequence after, Done<std::vector<MessagePayload>> done) override;
  void MovePayloads(std::vector<Move> moves, Done<uint64_t> done) override;

 private:
  enum class IfLost { kAskAgain, kFail };

  absl::Status Accept(std::string_view hello);
  void OnStatus(const absl::Status& status);
  int64_t DeadlineOfCall() const;
  // Calls `function` and hands `decode(data)` to `done`.
  template <typename T, typename Decode>
  void Ask(std::string_view function, std::string&& arguments, IfLost if_lost, Decode decode, Done<T> done);
  void ReadBy(int64_t deadline, ReadRequest request, Done<MessageBlockPtr> done);
  // Goes on until all objects are counted.
  void CountBy(int64_t deadline, std::vector<ObjectBytes> objects, std::vector<uint64_t> counted,
               Done<std::vector<uint64_t>> done);
  // Goes on until the page is full or there are no more.
  void SubjectsBy(int64_t deadline, std::string pattern, Page page, std::vector<SubjectState> states,
                  Done<std::vector<SubjectState>> done);

  const TarantoolOptions options_;
  std::unique_ptr<iproto::Client> client_;
  std::unique_ptr<AppendQueue> appends_;
  std::unique_ptr<NewsFeed> news_;
};

}  // namespace mts::store
