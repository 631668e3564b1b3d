#include "ledger.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace mts::sim {

uint64_t Ledger::NewBatchNumber() {
  absl::MutexLock lock(&mutex_);
  return next_batch_++;
}

std::string Ledger::Tag(uint64_t batch, size_t index, size_t count) {
  return Concat(batch, "/", index, "/", count, "|");
}

void Ledger::Submitted(uint64_t batch, std::vector<Item> items) {
  absl::MutexLock lock(&mutex_);
  batches_[batch].items = std::move(items);
}

void Ledger::Answered(uint64_t number, const store::AppendOutcome& outcome) {
  absl::MutexLock lock(&mutex_);
  Batch& batch = batches_[number];
  // Anything but these leaves open what happened.
  if (absl::IsFailedPrecondition(outcome.status) || absl::IsResourceExhausted(outcome.status) ||
      absl::IsInvalidArgument(outcome.status)) {
    batch.fate = Fate::kAbsent;
  }
  if (!outcome.status.ok()) return;
  const uint64_t first = outcome.result.first.value(), last = outcome.result.last.value();
  if (last - first + 1 != batch.items.size() || first == 0) {
    violations_.Add(Concat("batch ", number, " of ", batch.items.size(), " is answered as ", first, "..", last));
    return;
  }
  Store(number, batch, first);
}

void Ledger::MustNotAppear(uint64_t batch) {
  absl::MutexLock lock(&mutex_);
  batches_[batch].fate = Fate::kAbsent;
}

void Ledger::MayRemoveAllBut(uint64_t messages) {
  absl::MutexLock lock(&mutex_);
  kept_messages_ = std::min(kept_messages_, messages);
}

void Ledger::Store(uint64_t number, Batch& batch, uint64_t first) {
  if (batch.fate == Fate::kStored && batch.first != first) {
    violations_.Add(Concat("batch ", number, " is at ", batch.first, " and at ", first));
  }
  batch.fate = Fate::kStored;
  batch.first = first;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    const uint64_t sequence = first + i;
    const auto [owner, added] = owners_.try_emplace(sequence, number, i);
    if (!added && owner->second != std::make_pair(number, i)) {
      violations_.Add(Concat("sequence ", sequence, " was given to batch ", owner->second.first, " and to ", number));
    }
    uint64_t& last = last_of_subject_[batch.items[i].subject];
    last = std::max(last, sequence);
    last_ = std::max(last_, sequence);
  }
}

std::optional<std::pair<uint64_t, size_t>> Ledger::Identify(const ReadMessage& message) {
  unsigned long long number = 0, index = 0, count = 0;
  const bool tagged = std::sscanf(message.payload.c_str(), "%llu/%llu/%llu|", &number, &index, &count) == 3;
  const auto found = batches_.find(number);
  if (!tagged || found == batches_.end() || index >= found->second.items.size()) {
    violations_.Add(Concat("message ", message.sequence, " was never published: ", message.payload.substr(0, 40)));
    return std::nullopt;
  }
  const Item& item = found->second.items[index];
  if (item.payload != message.payload || item.subject != message.subject) {
    violations_.Add(Concat("message ", message.sequence, " differs from what was published as ", number, "/", index));
    return std::nullopt;
  }
  return std::make_pair(uint64_t{number}, size_t{index});
}

void Ledger::Saw(const ReadMessage& message) {
  absl::MutexLock lock(&mutex_);
  SawLocked(message, false);
}

void Ledger::SawLocked(const ReadMessage& message, bool comebacks) {
  const auto identity = Identify(message);
  if (!identity) return;
  const auto [number, index] = *identity;
  Batch& batch = batches_[number];
  if (batch.fate == Fate::kAbsent || (batch.fate == Fate::kRemoved && !comebacks)) {
    violations_.Add(Concat("message ", message.sequence, " of batch ", number, " was ",
                           batch.fate == Fate::kAbsent ? "refused or lost" : "removed", " and is there"));
    return;
  }
  Store(number, batch, message.sequence - index);
}

void Ledger::SawAll(const std::vector<ReadMessage>& messages, Allowed allowed) {
  absl::MutexLock lock(&mutex_);
  std::map<uint64_t, size_t> present;
  uint64_t last = 0;
  for (const ReadMessage& message : messages) {
    if (message.sequence <= last) violations_.Add(Concat("message ", message.sequence, " comes after ", last));
    last = message.sequence;
    const auto identity = Identify(message);
    if (!identity) continue;
    ++present[identity->first];
    SawLocked(message, allowed.comebacks);
  }
  const uint64_t first = messages.empty() ? UINT64_MAX : messages.front().sequence;
  for (auto& [number, batch] : batches_) Settle(number, batch, present[number], first, last, allowed);
  visible_count_ = messages.size();
  if (allowed.loss) FindLasts();
}

void Ledger::Settle(uint64_t number, Batch& batch, size_t present, uint64_t first_visible, uint64_t last_visible,
                    Allowed allowed) {
  if (present != 0 && present != batch.items.size()) {
    violations_.Add(Concat("batch ", number, ": ", present, " of ", batch.items.size(), " messages are there"));
    return;
  }
  if (present > 0) return;
  if (batch.fate == Fate::kUnknown) batch.fate = Fate::kAbsent;
  if (batch.fate != Fate::kStored) return;
  if (allowed.loss && (batch.first > last_visible || last_visible == 0)) {
    batch.fate = Fate::kAbsent;
  } else if (batch.first < first_visible && kept_messages_ != UINT64_MAX) {
    batch.fate = Fate::kRemoved;
  } else {
    violations_.Add(
        Concat("batch ", number, " at ", batch.first, " is lost; visible are ", first_visible, "..", last_visible));
  }
}

void Ledger::FindLasts() {
  last_ = 0;
  last_of_subject_.clear();
  for (const auto& [number, batch] : batches_) {
    if (batch.fate != Fate::kStored && batch.fate != Fate::kRemoved) continue;
    for (size_t i = 0; i < batch.items.size(); ++i) {
      uint64_t& last = last_of_subject_[batch.items[i].subject];
      last = std::max(last, batch.first + i);
      last_ = std::max(last_, batch.first + i);
    }
  }
}

uint64_t Ledger::LastOf(const std::string& subject) const {
  absl::MutexLock lock(&mutex_);
  const auto found = last_of_subject_.find(subject);
  return found == last_of_subject_.end() ? 0 : found->second;
}

uint64_t Ledger::Last() const {
  absl::MutexLock lock(&mutex_);
  return last_;
}

std::optional<std::pair<Item, uint64_t>> Ledger::SomeWithId(uint64_t choice) const {
  absl::MutexLock lock(&mutex_);
  if (batches_.empty()) return std::nullopt;
  auto batch = std::next(batches_.begin(), static_cast<ptrdiff_t>(choice % batches_.size()));
  for (; batch != batches_.end(); ++batch) {
    if (batch->second.fate != Fate::kStored) continue;
    for (size_t i = 0; i < batch->second.items.size(); ++i) {
      const Item& item = batch->second.items[i];
      if (!item.message_id.empty()) return std::make_pair(item, batch->second.first + i);
    }
  }
  return std::nullopt;
}

uint64_t Ledger::visible_count() const {
  absl::MutexLock lock(&mutex_);
  return visible_count_;
}

}  // namespace mts::sim
