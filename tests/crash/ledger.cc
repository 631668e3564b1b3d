#include "ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace mts::crash {

void Ledger::Stored(std::string_view key, std::string_view subject, uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  const auto [by_sequence, new_sequence] = key_of_.try_emplace(sequence, key);
  if (!new_sequence && by_sequence->second != key) {
    violations_.push_back(
        absl::StrCat("sequence ", sequence, " was ", by_sequence->second, " and is now ", std::string(key)));
  }
  const auto [by_key, new_key] = sequence_of_.try_emplace(std::string(key), sequence);
  if (!new_key && by_key->second != sequence) {
    violations_.push_back(absl::StrCat(std::string(key), " has sequences ", by_key->second, " and ", sequence));
  }
  uint64_t& last = last_of_[std::string(subject)];
  last = std::max(last, sequence);
}

void Ledger::AckSent(std::string_view consumer, uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  Acks& acks = acks_[std::string(consumer)];
  acks.sent = std::max(acks.sent, sequence);
}

void Ledger::AckAnswered(std::string_view consumer, uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  Acks& acks = acks_[std::string(consumer)];
  acks.answered = std::max(acks.answered, sequence);
}

void Ledger::Violation(std::string text) {
  absl::MutexLock lock(&mutex_);
  violations_.push_back(std::move(text));
}

std::vector<std::string> Ledger::violations() const {
  absl::MutexLock lock(&mutex_);
  return violations_;
}

absl::flat_hash_map<uint64_t, std::string> Ledger::StoredAfter(uint64_t after) const {
  absl::MutexLock lock(&mutex_);
  absl::flat_hash_map<uint64_t, std::string> found;
  for (const auto& [sequence, key] : key_of_) {
    if (sequence > after) found.emplace(sequence, key);
  }
  return found;
}

uint64_t Ledger::LastOf(std::string_view subject) const {
  absl::MutexLock lock(&mutex_);
  const auto found = last_of_.find(std::string(subject));
  return found == last_of_.end() ? 0 : found->second;
}

Ledger::Acks Ledger::AcksOf(std::string_view consumer) const {
  absl::MutexLock lock(&mutex_);
  const auto found = acks_.find(std::string(consumer));
  return found == acks_.end() ? Acks{} : found->second;
}

uint64_t Ledger::messages() const {
  absl::MutexLock lock(&mutex_);
  return key_of_.size();
}

}  // namespace mts::crash
