#include "store/memory/memory_message_store.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace mts::store {

struct MemoryMessageStore::Kept {
  std::string subject;
  Sequence sequence;
  Timestamp time;
  std::string headers;
  std::string payload;
  std::optional<PayloadReference> reference;

  uint64_t size() const { return reference ? reference->size : payload.size(); }
  uint64_t bytes() const { return subject.size() + headers.size() + payload.size(); }
};

class MemoryMessageStore::MemoryBlock : public MessageBlock {
 public:
  void Add(std::shared_ptr<const Kept> kept, uint64_t max_inline_bytes) {
    StoredMessage message;
    message.subject = kept->subject;
    message.sequence = kept->sequence;
    message.time = kept->time;
    message.headers = kept->headers;
    message.size = kept->size();
    message.reference = kept->reference;
    message.payload_included = !kept->reference && kept->payload.size() <= max_inline_bytes;
    if (message.payload_included) message.payload = kept->payload;
    messages.push_back(std::move(message));
    kept_.push_back(std::move(kept));
  }

 private:
  std::vector<std::shared_ptr<const Kept>> kept_;
};

class MemoryMessageStore::MemoryWatch : public Watch {
 public:
  MemoryWatch(MemoryMessageStore& store, Pattern pattern, NewsCallback callback)
      : store_(store), pattern_(std::move(pattern)), callback_(std::move(callback)) {
    absl::MutexLock lock(&store_.watch_mutex_);
    store_.watches_.insert(this);
  }
  ~MemoryWatch() override {
    absl::MutexLock lock(&store_.watch_mutex_);
    store_.watches_.erase(this);
  }
  void Tell(std::string_view subject, Sequence last) {
    if (pattern_.Matches(subject)) callback_(subject, last);
  }

 private:
  MemoryMessageStore& store_;
  const Pattern pattern_;
  NewsCallback callback_;
};

MemoryMessageStore::MemoryMessageStore(const Options& options) : options_(options) {}
MemoryMessageStore::~MemoryMessageStore() = default;

void MemoryMessageStore::SetAppendError(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  append_error_ = std::move(status);
}

absl::Status MemoryMessageStore::Check(absl::Span<const NewMessage> batch, AppendOutcome& outcome) {
  if (shut_down_) return absl::UnavailableError("store is shut down");
  if (!append_error_.ok()) return append_error_;
  uint64_t more = 0;
  for (uint32_t i = 0; i < batch.size(); ++i) {
    const auto found = subjects_.find(std::string(batch[i].subject));
    const Sequence last = found == subjects_.end() ? kNoSequence : found->second.last;
    if (found == subjects_.end()) ++more;
    const bool duplicate = !batch[i].message_id.empty() &&
                           ids_.contains({std::string(batch[i].subject), std::string(batch[i].message_id)});
    if (!duplicate && batch[i].expected_last_sequence && *batch[i].expected_last_sequence != last) {
      outcome.refused_position = i;
      return absl::FailedPreconditionError("last sequence of the subject is another one");
    }
  }
  if (subjects_.size() + more > options_.max_subjects) return absl::ResourceExhaustedError("too many subjects");
  return absl::OkStatus();
}

void MemoryMessageStore::Store(const NewMessage& message, uint32_t position, AppendOutcome& outcome) {
  const std::string subject(message.subject);
  if (!message.message_id.empty()) {
    const auto [found, is_new] = ids_.try_emplace({subject, std::string(message.message_id)}, Sequence(last_ + 1));
    if (!is_new) {
      outcome.result.duplicates.push_back({position, found->second});
      return;
    }
  }
  auto kept = std::make_shared<Kept>();
  kept->subject = subject;
  kept->sequence = Sequence(++last_);
  kept->time = options_.clock->Now();
  kept->headers = message.headers;
  if (message.reference != nullptr) {
    kept->reference = *message.reference;
  } else {
    kept->payload = message.payload;
  }
  SubjectState& state = subjects_[subject];
  state.subject = subject;
  if (state.messages++ == 0) {
    state.first = kept->sequence;
    state.first_time = kept->time;
  }
  state.last = kept->sequence;
  state.last_time = kept->time;
  state.bytes += kept->size();
  bytes_ += kept->size();
  if (outcome.result.first == kNoSequence) outcome.result.first = kept->sequence;
  outcome.result.last = kept->sequence;
  messages_.emplace(last_, std::move(kept));
}

void MemoryMessageStore::Append(absl::Span<const NewMessage> batch, AppendDone done) {
  AppendOutcome outcome;
  std::map<std::string, Sequence> news;
  {
    absl::MutexLock lock(&mutex_);
    outcome.status = Check(batch, outcome);
    if (outcome.status.ok()) {
      for (uint32_t i = 0; i < batch.size(); ++i) {
        const uint64_t before = last_;
        Store(batch[i], i, outcome);
        if (last_ > before) news[std::string(batch[i].subject)] = Sequence(last_);
      }
    }
  }
  Tell(news);
  done(std::move(outcome));
}

void MemoryMessageStore::Tell(const std::map<std::string, Sequence>& news) {
  absl::MutexLock lock(&watch_mutex_);
  for (MemoryWatch* watch : watches_) {
    for (const auto& [subject, last] : news) watch->Tell(subject, last);
  }
}

void MemoryMessageStore::Read(ReadRequest request, Done<MessageBlockPtr> done) {
  auto block = std::make_unique<MemoryBlock>();
  {
    absl::MutexLock lock(&mutex_);
    if (shut_down_) {
      block.reset();
    } else {
      block->scanned_through = Sequence(std::max(request.after.value(), last_));
      uint64_t bytes = 0;
      for (auto at = messages_.upper_bound(request.after.value()); at != messages_.end(); ++at) {
        if (!request.pattern.Matches(at->second->subject)) continue;
        bytes += at->second->bytes();
        const bool full = block->messages.size() >= std::max(request.max_messages, 1u) ||
                          (!block->messages.empty() && bytes > request.max_bytes);
        if (full) {
          block->scanned_through = block->messages.back().sequence;
          break;
        }
        block->Add(at->second, request.max_inline_bytes);
      }
    }
  }
  if (block == nullptr) return done(absl::UnavailableError("store is shut down"));
  done(std::move(block));
}

void MemoryMessageStore::ReadOne(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes,
                                 Done<MessageBlockPtr> done) {
  std::shared_ptr<const Kept> kept;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = messages_.find(sequence.value());
    if (found != messages_.end()) kept = found->second;
  }
  if (kept == nullptr || (!subject.empty() && kept->subject != subject)) {
    return done(absl::NotFoundError("there is no such message"));
  }
  auto block = std::make_unique<MemoryBlock>();
  block->scanned_through = sequence;
  block->Add(std::move(kept), max_inline_bytes);
  done(std::move(block));
}

Sequence MemoryMessageStore::LastOf(const Pattern& pattern) const {
  Sequence last;
  for (const auto& [name, state] : subjects_) {
    if (pattern.Matches(name)) last = std::max(last, state.last);
  }
  return last;
}

void MemoryMessageStore::Last(const Pattern& pattern, Done<Sequence> done) {
  Sequence last;
  {
    absl::MutexLock lock(&mutex_);
    last = LastOf(pattern);
  }
  done(last);
}

void MemoryMessageStore::LastBefore(Timestamp time, Done<Sequence> done) {
  Sequence last;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [sequence, kept] : messages_) {
      if (kept->time >= time) break;
      last = kept->sequence;
    }
  }
  done(last);
}

void MemoryMessageStore::Position(const ConsumerId& id, Done<std::optional<Sequence>> done) {
  std::optional<Sequence> position;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = consumers_.find({id.subject, id.durable_name});
    if (found != consumers_.end()) position = found->second.position;
  }
  done(position);
}

absl::StatusOr<Sequence> MemoryMessageStore::Move(const ConsumerId& id, Sequence to, bool back) {
  MTS_ASSIGN_OR_RETURN(const Pattern pattern, Pattern::Parse(id.subject));
  absl::MutexLock lock(&mutex_);
  if (shut_down_) return absl::UnavailableError("store is shut down");
  if (to > LastOf(pattern)) return absl::OutOfRangeError("sequence lies past the last visible message");
  ConsumerState& state = consumers_[{id.subject, id.durable_name}];
  state.id = id;
  state.position = back ? to : std::max(state.position, to);
  state.last_active = options_.clock->Now();
  return state.position;
}

void MemoryMessageStore::Advance(const ConsumerId& id, Sequence to, Done<Sequence> done) { done(Move(id, to, false)); }
void MemoryMessageStore::Reset(const ConsumerId& id, Sequence to, Done<Sequence> done) { done(Move(id, to, true)); }

void MemoryMessageStore::DeleteConsumer(const ConsumerId& id, Done<bool> done) {
  bool erased = false;
  {
    absl::MutexLock lock(&mutex_);
    erased = consumers_.erase({id.subject, id.durable_name}) > 0;
  }
  done(erased);
}

std::unique_ptr<Watch> MemoryMessageStore::WatchNews(const Pattern& pattern, NewsCallback callback) {
  return std::make_unique<MemoryWatch>(*this, pattern, std::move(callback));
}

void MemoryMessageStore::Subjects(const Pattern& pattern, const Page& page, Done<std::vector<SubjectState>> done) {
  std::vector<SubjectState> found;
  {
    absl::MutexLock lock(&mutex_);
    for (auto at = subjects_.upper_bound(page.after); at != subjects_.end() && found.size() < page.size; ++at) {
      if (pattern.Matches(at->first)) found.push_back(at->second);
    }
  }
  done(std::move(found));
}

void MemoryMessageStore::Consumers(std::string_view subject, const Page& page, Done<std::vector<ConsumerState>> done) {
  std::vector<ConsumerState> found;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [key, state] : consumers_) {
      if (!subject.empty() && key.first != subject) continue;
      const size_t cut = page.after.find('\n');
      const ConsumerKey after(page.after.substr(0, cut), cut == std::string::npos ? "" : page.after.substr(cut + 1));
      if (!page.after.empty() && key <= after) continue;
      if (found.size() < page.size) found.push_back(state);
    }
  }
  done(std::move(found));
}

void MemoryMessageStore::Info(Done<StoreInfo> done) {
  StoreInfo info;
  info.kind = "memory";
  info.durability = "none";
  {
    absl::MutexLock lock(&mutex_);
    info.last_sequence = Sequence(last_);
    info.messages = messages_.size();
    info.bytes = bytes_;
  }
  done(std::move(info));
}

void MemoryMessageStore::CountAfter(const Pattern& pattern, Sequence position, Done<uint64_t> done) {
  uint64_t count = 0;
  {
    absl::MutexLock lock(&mutex_);
    for (auto at = messages_.upper_bound(position.value()); at != messages_.end(); ++at) {
      if (pattern.Matches(at->second->subject)) ++count;
    }
  }
  done(count);
}

void MemoryMessageStore::RemoveFirst() {
  const Kept& first = *messages_.begin()->second;
  SubjectState& state = subjects_[first.subject];
  --state.messages;
  state.bytes -= first.size();
  bytes_ -= first.size();
  state.first = kNoSequence;
  for (const auto& [sequence, kept] : messages_) {
    if (kept->subject != first.subject || kept->sequence == first.sequence) continue;
    state.first = kept->sequence;
    state.first_time = kept->time;
    break;
  }
  messages_.erase(messages_.begin());
}

void MemoryMessageStore::Expire(const Retention& limits, Done<bool> done) {
  {
    absl::MutexLock lock(&mutex_);
    const int64_t now = options_.clock->Now().value();
    while (!messages_.empty()) {
      const int64_t age = now - messages_.begin()->second->time.value();
      const bool old = limits.max_age_micros > 0 && age > limits.max_age_micros;
      const bool large = limits.max_bytes > 0 && bytes_ > limits.max_bytes;
      const bool many = limits.max_messages > 0 && messages_.size() > limits.max_messages;
      if (!old && !large && !many) break;
      RemoveFirst();
    }
  }
  done(false);
}

void MemoryMessageStore::Shutdown() {
  absl::MutexLock lock(&mutex_);
  shut_down_ = true;
}

}  // namespace mts::store
