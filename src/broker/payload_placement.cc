#include "broker/payload_placement.h"

#include <algorithm>

#include "base/clock.h"
#include "base/status.h"

namespace mts::broker {
namespace {

// Codes after which it is certain that nothing was stored. After any other the messages may come back at the next
// start, so their payloads have to stay until recovery has seen the log.
bool NothingWasStored(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status) ||
         absl::IsOutOfRange(status) || absl::IsUnimplemented(status);
}

}  // namespace

bool NeedsPlacement(absl::Span<const NewMessage> batch, const store::MessageStore& messages) {
  const uint64_t inline_limit = messages.inline_limit();
  uint64_t sum = 0;
  for (const NewMessage& message : batch) {
    if (message.reference != nullptr) continue;
    if (message.payload.size() > inline_limit) return true;
    sum += message.payload.size();
  }
  return sum > messages.max_inline_batch_bytes();
}

PayloadPlacement::PayloadPlacement(store::MessageStore& messages, store::PayloadStore& payloads, int64_t grace_micros)
    : messages_(messages), payloads_(payloads), grace_micros_(grace_micros) {}

void PayloadPlacement::Publish(absl::Span<const NewMessage> batch, std::shared_ptr<PublishOrder> order,
                               PlacedDone done) {
  done_ = std::move(done);
  order_ = std::move(order);
  if (order_ != nullptr) turn_ = order_->TakeTurn();
  batch_.assign(batch.begin(), batch.end());
  references_.resize(batch_.size());
  Choose();
  PutMore();
}

void PayloadPlacement::PublishUploaded(const NewMessage& message, PayloadReference reference, PlacedDone done) {
  done_ = std::move(done);
  batch_.push_back(message);
  references_.push_back(std::move(reference));
  chosen_.push_back(0);
  AppendInTurn();
}

void PayloadPlacement::Choose() {
  std::vector<uint32_t> by_size;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < batch_.size(); ++i) {
    if (batch_[i].reference != nullptr) continue;
    by_size.push_back(i);
    sum += batch_[i].payload.size();
  }
  std::stable_sort(by_size.begin(), by_size.end(),
                   [this](uint32_t a, uint32_t b) { return batch_[a].payload.size() > batch_[b].payload.size(); });
  for (const uint32_t position : by_size) {
    const uint64_t size = batch_[position].payload.size();
    if (size <= messages_.inline_limit() && sum <= messages_.max_inline_batch_bytes()) break;
    chosen_.push_back(position);
    sum -= size;
  }
}

void PayloadPlacement::PutMore() {
  {
    absl::MutexLock lock(&mutex_);
    if (putting_) return;
    putting_ = true;
    while (failure_.ok() && next_ < chosen_.size() && MayPut(batch_[chosen_[next_]].payload.size())) {
      const uint32_t position = chosen_[next_++];
      ++under_way_;
      under_way_bytes_ += batch_[position].payload.size();
      mutex_.Unlock();  // the store may answer before Put returns
      payloads_.Put(batch_[position].subject, batch_[position].payload,
                    [self = shared_from_this(), position](absl::StatusOr<PayloadReference> reference) {
                      self->PutDone(position, std::move(reference));
                    });
      mutex_.Lock();
    }
    putting_ = false;
    const bool ended = under_way_ == 0 && (!failure_.ok() || next_ == chosen_.size());
    if (!ended) return;
    next_ = chosen_.size() + 1;  // goes on once only
  }
  AppendInTurn();
}

bool PayloadPlacement::MayPut(uint64_t size) const {
  if (under_way_ == 0) return true;
  return under_way_ < payloads_.concurrent_puts() && under_way_bytes_ + size <= kConcurrentPutBytes;
}

void PayloadPlacement::PutDone(uint32_t position, absl::StatusOr<PayloadReference> reference) {
  {
    absl::MutexLock lock(&mutex_);
    --under_way_;
    under_way_bytes_ -= batch_[position].payload.size();
    if (reference.ok()) {
      first_stored_micros_ = std::min(first_stored_micros_, SystemClock().MonotonicMicros());
      references_[position] = *std::move(reference);
    } else if (failure_.ok()) {
      failure_ = std::move(reference).status();
    }
    if (putting_) return;
  }
  PutMore();
}

absl::Status PayloadPlacement::Failure() {
  absl::MutexLock lock(&mutex_);
  const bool stored = first_stored_micros_ != INT64_MAX;
  if (failure_.ok() && stored && grace_micros_ > 0 &&
      SystemClock().MonotonicMicros() - first_stored_micros_ > grace_micros_) {
    return absl::UnavailableError("the payload waited too long for its message; try again");
  }
  return failure_;
}

void PayloadPlacement::AppendInTurn() {
  if (order_ == nullptr) return Append();
  order_->UseTurn(turn_, [self = shared_from_this()] { self->Append(); });
}

void PayloadPlacement::Append() {
  if (absl::Status failure = Failure(); !failure.ok()) return Fail(std::move(failure));
  if (order_ != nullptr && order_->broken()) return Fail(store::AppendOrder::Refusal());
  for (const uint32_t position : chosen_) {
    batch_[position].payload = {};
    batch_[position].reference = &references_[position];
  }
  auto appended = [self = shared_from_this()](store::AppendOutcome outcome) { self->AppendDone(std::move(outcome)); };
  if (order_ == nullptr) return messages_.Append(batch_, std::move(appended));
  messages_.AppendInOrder(order_, batch_, std::move(appended));
}

// Nothing was appended.
void PayloadPlacement::Fail(absl::Status status) {
  if (order_ != nullptr && IsRetryable(status)) order_->Break();
  Remove(chosen_);
  done_({std::move(status), std::nullopt, {}}, references_);
}

void PayloadPlacement::AppendDone(store::AppendOutcome outcome) {
  if (outcome.status.ok()) {
    std::vector<uint32_t> unused;
    std::vector<PayloadReference> kept;
    for (const uint32_t position : chosen_) {
      const bool duplicate = std::any_of(outcome.result.duplicates.begin(), outcome.result.duplicates.end(),
                                         [&](const auto& other) { return other.position == position; });
      if (duplicate) {
        unused.push_back(position);
      } else {
        kept.push_back(references_[position]);
      }
    }
    if (!kept.empty()) payloads_.Keep(kept);
    Remove(unused);
  } else if (NothingWasStored(outcome.status)) {
    Remove(chosen_);
  }
  done_(std::move(outcome), references_);
}

void PayloadPlacement::Remove(const std::vector<uint32_t>& positions) {
  std::vector<PayloadReference> unused;
  for (const uint32_t position : positions) {
    if (references_[position].kind != PayloadKind::kInline) unused.push_back(references_[position]);
  }
  if (unused.empty()) return;
  // A failure leaves an orphan for recovery or the sweep; the publish has its answer already.
  payloads_.Remove(unused, [](const absl::Status&) {});
}

}  // namespace mts::broker
