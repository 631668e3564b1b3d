// The deduplication window: which (subject, message id) was stored lately, and as which sequence. Part of the checkpoint, so
// that it survives kill -9; ages by running time.
//
// Keys are the first 16 bytes of SHA-256 over subject, a zero byte and the id: fixed cost a message, whatever the client sends.
//
// Threading: the commit thread (and recovery before it). Limits: at most `max_ids`; beyond them the oldest go and evicted()
// counts them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "model/sequence.h"

namespace mts::log {

using DeduplicationKey = std::array<char, 16>;
DeduplicationKey MakeDeduplicationKey(std::string_view subject, std::string_view message_id);

class DeduplicationWindow {
 public:
  DeduplicationWindow(int64_t window_micros, uint64_t max_ids);

  // The sequence of the first message with this key inside the window.
  std::optional<Sequence> Find(const DeduplicationKey& key, int64_t now_monotonic_micros);
  void Add(const DeduplicationKey& key, Sequence sequence, int64_t now_monotonic_micros);
  // Takes back an Add of this very sequence whose commit was refused.
  void Forget(const DeduplicationKey& key, Sequence sequence);
  // Drops what is older than the window.
  void Expire(int64_t now_monotonic_micros);
  // Oldest first; age in µs.
  void ForEach(int64_t now_monotonic_micros,
               absl::FunctionRef<void(const DeduplicationKey&, Sequence, int64_t age)> visit) const;
  uint64_t size() const { return ids_.size(); }
  uint64_t evicted() const { return evicted_; }

 private:
  struct Entry {
    DeduplicationKey key;
    Sequence sequence;
    int64_t added;
  };
  int64_t window_micros_;
  uint64_t max_ids_;
  uint64_t evicted_ = 0;
  absl::flat_hash_map<DeduplicationKey, Sequence> ids_;
  std::deque<Entry> order_;
};

}  // namespace mts::log
