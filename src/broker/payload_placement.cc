#include "broker/payload_placement.h"

#include <algorithm>

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

PayloadPlacement::PayloadPlacement(store::MessageStore& messages, store::PayloadStore& payloads)
    : messages_(messages), payloads_(payloads) {}

void PayloadPlacement::Publish(absl::Span<const NewMessage> batch, PlacedDone done) {
  done_ = std::move(done);
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
  Append();
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
    while (failure_.ok() && next_ < chosen_.size() && under_way_ < kConcurrentPuts) {
      const uint32_t position = chosen_[next_++];
      ++under_way_;
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
  Append();
}

void PayloadPlacement::PutDone(uint32_t position, absl::StatusOr<PayloadReference> reference) {
  {
    absl::MutexLock lock(&mutex_);
    --under_way_;
    if (reference.ok()) {
      references_[position] = *std::move(reference);
    } else if (failure_.ok()) {
      failure_ = std::move(reference).status();
    }
    if (putting_) return;
  }
  PutMore();
}

void PayloadPlacement::Append() {
  absl::Status failure;
  {
    absl::MutexLock lock(&mutex_);
    failure = failure_;
  }
  if (!failure.ok()) {
    Remove(chosen_);
    done_({std::move(failure), std::nullopt, {}}, references_);
    return;
  }
  for (const uint32_t position : chosen_) {
    batch_[position].payload = {};
    batch_[position].reference = &references_[position];
  }
  messages_.Append(batch_,
                   [self = shared_from_this()](store::AppendOutcome outcome) { self->AppendDone(std::move(outcome)); });
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
  payloads_.Remove(unused, [](absl::Status) {});
}

}  // namespace mts::broker
