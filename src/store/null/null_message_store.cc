#include "store/null/null_message_store.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/limits.h"

namespace mts::store {
namespace {

std::string_view GeneratedPayload() {
  static const std::string* const payload = new std::string(NullMessageStore::kPayloadBytes, 'x');
  return *payload;
}

class NullBlock : public MessageBlock {
 public:
  NullBlock(const Pattern& pattern, Sequence after, uint32_t count, uint64_t max_inline_bytes)
      : subject_(pattern.base().empty() ? "null" : pattern.base()) {
    const bool included = max_inline_bytes >= NullMessageStore::kPayloadBytes;
    StoredMessage message;
    message.subject = subject_;
    message.time = SystemClock().Now();
    message.size = NullMessageStore::kPayloadBytes;
    message.payload_included = included;
    if (included) message.payload = GeneratedPayload();
    messages.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      message.sequence = Sequence(after.value() + 1 + i);
      messages.push_back(message);
    }
    scanned_through = Sequence(after.value() + count);
  }

 private:
  const std::string subject_;
};

}  // namespace

class NullMessageStore::NullWatch : public Watch {
 public:
  NullWatch(NullMessageStore& store, Pattern pattern, NewsCallback callback)
      : store_(store), pattern_(std::move(pattern)), callback_(std::move(callback)) {
    absl::MutexLock lock(&store_.mutex_);
    store_.watches_.insert(this);
    ++store_.watching_;
  }
  ~NullWatch() override {
    absl::MutexLock lock(&store_.mutex_);
    store_.watches_.erase(this);
    --store_.watching_;
  }
  void Tell(std::string_view subject, Sequence last) {
    if (pattern_.Matches(subject)) callback_(subject, last);
  }

 private:
  NullMessageStore& store_;
  const Pattern pattern_;
  NewsCallback callback_;
};

NullMessageStore::NullMessageStore() = default;
NullMessageStore::~NullMessageStore() = default;

uint64_t NullMessageStore::inline_limit() const { return limits::kInlineLimit; }
uint64_t NullMessageStore::max_inline_batch_bytes() const { return limits::kMaxInlineBatchBytes; }

void NullMessageStore::Append(absl::Span<const NewMessage> batch, AppendDone done) {
  const uint64_t first = last_.fetch_add(batch.size()) + 1;
  const Sequence last(first + batch.size() - 1);
  AppendOutcome outcome;
  outcome.result.first = Sequence(first);
  outcome.result.last = last;
  if (watching_.load(std::memory_order_relaxed) > 0) Tell(batch.back().subject, last);
  done(std::move(outcome));
}

void NullMessageStore::Tell(std::string_view subject, Sequence last) {
  absl::MutexLock lock(&mutex_);
  for (NullWatch* watch : watches_) watch->Tell(subject, last);
}

void NullMessageStore::Read(ReadRequest request, Done<MessageBlockPtr> done) {
  const uint64_t fit = std::max<uint64_t>(1, request.max_bytes / kPayloadBytes);
  const auto count = static_cast<uint32_t>(std::min<uint64_t>({request.max_messages, fit, kMaxRead}));
  done(std::make_unique<NullBlock>(request.pattern, request.after, count, request.max_inline_bytes));
}

void NullMessageStore::ReadOne(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes,
                               Done<MessageBlockPtr> done) {
  const Pattern pattern = subject.empty() ? Pattern::All() : Pattern::Exact(subject);
  done(
      std::make_unique<NullBlock>(pattern, Sequence(std::max<uint64_t>(sequence.value(), 1) - 1), 1, max_inline_bytes));
}

void NullMessageStore::Last(const Pattern&, Done<Sequence> done) { done(Sequence(last_.load())); }
void NullMessageStore::LastBefore(Timestamp, Done<Sequence> done) { done(kNoSequence); }

void NullMessageStore::Position(const ConsumerId&, Done<std::optional<Sequence>> done) {
  done(std::optional<Sequence>());
}
void NullMessageStore::Advance(const ConsumerId&, Sequence to, Done<Sequence> done) { done(to); }
void NullMessageStore::Reset(const ConsumerId&, Sequence to, Done<Sequence> done) { done(to); }
void NullMessageStore::DeleteConsumer(const ConsumerId&, Done<bool> done) { done(false); }

std::unique_ptr<Watch> NullMessageStore::WatchNews(const Pattern& pattern, NewsCallback callback) {
  return std::make_unique<NullWatch>(*this, pattern, std::move(callback));
}

void NullMessageStore::Subjects(const Pattern&, const Page&, Done<std::vector<SubjectState>> done) {
  done(std::vector<SubjectState>());
}
void NullMessageStore::Consumers(std::string_view, const Page&, Done<std::vector<ConsumerState>> done) {
  done(std::vector<ConsumerState>());
}

void NullMessageStore::Info(Done<StoreInfo> done) {
  StoreInfo info;
  info.kind = "null";
  info.durability = "none";
  info.last_sequence = Sequence(last_.load());
  done(std::move(info));
}

void NullMessageStore::CountAfter(const Pattern&, Sequence, Done<uint64_t> done) { done(uint64_t{0}); }
void NullMessageStore::Expire(const Retention&, Done<bool> done) { done(false); }
void NullMessageStore::Shutdown() {}

}  // namespace mts::store
