#include "log/deduplication.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/limits.h"

namespace mts::log {
namespace {

// The one-shot functions of OpenSSL 3 look the algorithm up in each call, which costs more than hashing an id.
class Sha256 {
 public:
  Sha256() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {}
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }

  void Digest(std::string_view text, unsigned char* to) {
    EVP_DigestInit_ex2(context_, algorithm_, nullptr);
    EVP_DigestUpdate(context_, text.data(), text.size());
    EVP_DigestFinal_ex(context_, to, nullptr);
  }

 private:
  EVP_MD* algorithm_;
  EVP_MD_CTX* context_;
};

}  // namespace

DeduplicationKey MakeDeduplicationKey(std::string_view subject, std::string_view message_id) {
  constexpr size_t kUsual = limits::kMaxSubjectBytes + 1 + limits::kMaxMessageIdBytes;
  char buffer[kUsual];
  std::string longer;
  const size_t length = subject.size() + 1 + message_id.size();
  char* text = buffer;
  if (length > kUsual) {
    longer.resize(length);
    text = longer.data();
  }
  std::memcpy(text, subject.data(), subject.size());
  text[subject.size()] = '\0';
  std::memcpy(text + subject.size() + 1, message_id.data(), message_id.size());

  thread_local Sha256 sha256;
  unsigned char digest[EVP_MAX_MD_SIZE];
  sha256.Digest({text, length}, digest);
  DeduplicationKey key;
  std::memcpy(key.data(), digest, key.size());
  return key;
}

DeduplicationWindow::DeduplicationWindow(int64_t window_micros, uint64_t max_ids)
    : window_micros_(window_micros),
      max_ids_(std::clamp<uint64_t>(max_ids, 1, UINT32_MAX / 2)),
      live_(0, Hash{this}, Equal{this}) {}

std::optional<Sequence> DeduplicationWindow::Find(const DeduplicationKey& key, int64_t now_monotonic_micros) const {
  const auto found = live_.find(key);
  if (found == live_.end()) return std::nullopt;
  const Entry& entry = At(*found);
  if (now_monotonic_micros - entry.added > window_micros_) return std::nullopt;
  return entry.sequence;
}

void DeduplicationWindow::Add(const DeduplicationKey& key, Sequence sequence, int64_t now_monotonic_micros) {
  Expire(now_monotonic_micros);
  TakeOut(key);
  while (order_.size() >= max_ids_) {
    if (order_.front().sequence != kNoSequence) evicted_.fetch_add(1, std::memory_order_relaxed);
    DropFront();
  }
  // Never younger than its neighbours say: the order by age is what Expire relies on.
  const int64_t added = order_.empty() ? now_monotonic_micros : std::max(now_monotonic_micros, order_.back().added);
  const uint32_t ordinal = dropped_ + static_cast<uint32_t>(order_.size());
  order_.push_back({key, sequence, added});
  live_.insert(ordinal);
}

void DeduplicationWindow::Forget(const DeduplicationKey& key, Sequence sequence) {
  const auto found = live_.find(key);
  if (found != live_.end() && At(*found).sequence == sequence) TakeOut(key);
}

void DeduplicationWindow::Expire(int64_t now_monotonic_micros) {
  while (!order_.empty() && now_monotonic_micros - order_.front().added > window_micros_) DropFront();
}

void DeduplicationWindow::Age(int64_t micros) {
  for (Entry& entry : order_) entry.added -= micros;
}

void DeduplicationWindow::ForEach(int64_t now_monotonic_micros,
                                  absl::FunctionRef<void(const DeduplicationKey&, Sequence, int64_t age)> visit) const {
  for (const Entry& entry : order_) {
    const int64_t age = std::max<int64_t>(0, now_monotonic_micros - entry.added);
    if (entry.sequence != kNoSequence && age <= window_micros_) visit(entry.key, entry.sequence, age);
  }
}

void DeduplicationWindow::DropFront() {
  if (order_.front().sequence != kNoSequence) live_.erase(dropped_);
  order_.pop_front();
  ++dropped_;
}

void DeduplicationWindow::TakeOut(const DeduplicationKey& key) {
  const auto found = live_.find(key);
  if (found == live_.end()) return;
  order_[static_cast<uint32_t>(*found - dropped_)].sequence = kNoSequence;
  live_.erase(found);
}

}  // namespace mts::log
