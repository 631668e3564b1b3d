// Parts of index files in memory, the least recently used go first: pages as they lie in the file, and what was
// computed from many of them (bitmaps).
//
// Threading: any thread; sharded locks held for a lookup. Errors: none. Limits: about `capacity_bytes` over all values.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace mts::log {

class BlockCache {
 public:
  struct Key {
    uint64_t file = 0;    // from NewFileId
    uint64_t first = 0;   // a page number, or what the file's owner likes
    uint64_t second = 0;  // 0 for pages
    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.file, key.first, key.second);
    }
  };
  using Value = std::shared_ptr<const std::string>;

  explicit BlockCache(uint64_t capacity_bytes) : shard_capacity_(capacity_bytes / kShards) {}

  // Never answered twice, so that a file of the same name has other keys.
  uint64_t NewFileId() { return next_file_id_.fetch_add(1, std::memory_order_relaxed); }
  // Null when it is not there.
  Value Find(const Key& key);
  void Insert(const Key& key, Value value);
  uint64_t bytes() const;

 private:
  static constexpr size_t kShards = 8;
  static constexpr uint64_t kOverheadBytes = 160;  // of a value: list node, table slot, allocations

  struct Item {
    Key key;
    Value value;
  };
  struct Shard {
    mutable absl::Mutex mutex;
    std::list<Item> recent ABSL_GUARDED_BY(mutex);  // the last used first
    absl::flat_hash_map<Key, std::list<Item>::iterator> items ABSL_GUARDED_BY(mutex);
    uint64_t bytes ABSL_GUARDED_BY(mutex) = 0;
  };
  Shard& ShardOf(const Key& key) { return shards_[absl::HashOf(key) >> 8 & (kShards - 1)]; }

  const uint64_t shard_capacity_;
  std::atomic<uint64_t> next_file_id_{1};
  std::array<Shard, kShards> shards_;
};

}  // namespace mts::log
