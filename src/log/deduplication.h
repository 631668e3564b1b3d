// The deduplication window: which (subject, message id) was stored lately, and as which sequence. Part of the
// checkpoint, so that it survives kill -9; ages by running time.
//
// Keys are the first 16 bytes of SHA-256 over subject, a zero byte and the id: fixed cost a message, whatever the
// client sends.
//
// Threading: the commit thread (and recovery before it). Limits: at most `max_ids`; beyond them the oldest go and
// evicted() counts them. Memory: about 45 bytes an id.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "base/bytes.h"
#include "model/sequence.h"

namespace mts::log {

using DeduplicationKey = std::array<char, 16>;
DeduplicationKey MakeDeduplicationKey(std::string_view subject, std::string_view message_id);

class DeduplicationWindow {
 public:
  DeduplicationWindow(int64_t window_micros, uint64_t max_ids);
  DeduplicationWindow(const DeduplicationWindow&) = delete;
  DeduplicationWindow& operator=(const DeduplicationWindow&) = delete;

  // The sequence of the first message with this key inside the window.
  std::optional<Sequence> Find(const DeduplicationKey& key, int64_t now_monotonic_micros) const;
  // A key that is there already counts from now on, as the new sequence.
  void Add(const DeduplicationKey& key, Sequence sequence, int64_t now_monotonic_micros);
  // Takes back an Add of this very sequence whose commit was refused.
  void Forget(const DeduplicationKey& key, Sequence sequence);
  // Drops what is older than the window.
  void Expire(int64_t now_monotonic_micros);
  // Makes all that is in it older: running time that passed between a checkpoint and the end of the log.
  void Age(int64_t micros);
  // Oldest first; age in µs.
  void ForEach(int64_t now_monotonic_micros,
               absl::FunctionRef<void(const DeduplicationKey&, Sequence, int64_t age)> visit) const;
  uint64_t size() const { return live_.size(); }
  // From any thread.
  uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }
  int64_t window_micros() const { return window_micros_; }

 private:
  struct Entry {
    DeduplicationKey key;
    Sequence sequence;  // kNoSequence: taken back or replaced
    int64_t added;
  };
  // An ordinal is an entry's place in order_ plus what was dropped from its front, modulo 2^32: never more entries than
  // that are in it.
  const Entry& At(uint32_t ordinal) const { return order_[static_cast<uint32_t>(ordinal - dropped_)]; }

  struct Hash {
    using is_transparent = void;
    const DeduplicationWindow* window;
    // Keys are bytes of SHA-256: any eight of them are a hash.
    size_t operator()(const DeduplicationKey& key) const { return LoadInteger<uint64_t>(key.data()); }
    size_t operator()(uint32_t ordinal) const { return (*this)(window->At(ordinal).key); }
  };
  struct Equal {
    using is_transparent = void;
    const DeduplicationWindow* window;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t ordinal, const DeduplicationKey& key) const { return window->At(ordinal).key == key; }
    bool operator()(const DeduplicationKey& key, uint32_t ordinal) const { return (*this)(ordinal, key); }
  };

  void DropFront();
  // Takes an entry out of live_; its place in order_ stays, empty, until it is the oldest.
  void TakeOut(const DeduplicationKey& key);

  int64_t window_micros_;
  uint64_t max_ids_;
  std::atomic<uint64_t> evicted_{0};
  uint32_t dropped_ = 0;
  std::deque<Entry> order_;                          // by age, the oldest first
  absl::flat_hash_set<uint32_t, Hash, Equal> live_;  // ordinals of the entries that count
};

}  // namespace mts::log
