#include "log/block_cache.h"

namespace mts::log {

BlockCache::Value BlockCache::Find(const Key& key) {
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  const auto found = shard.items.find(key);
  if (found == shard.items.end()) return nullptr;
  if (found->second != shard.recent.begin()) {
    shard.recent.splice(shard.recent.begin(), shard.recent, found->second);
  }
  return found->second->value;
}

void BlockCache::Insert(const Key& key, Value value) {
  Shard& shard = ShardOf(key);
  std::list<Item> evicted;  // freed outside the lock
  absl::MutexLock lock(&shard.mutex);
  if (shard.items.contains(key)) return;  // another reader was faster with the same bytes
  shard.bytes += value->size() + kOverheadBytes;
  shard.recent.push_front(Item{key, std::move(value)});
  shard.items.emplace(key, shard.recent.begin());
  while (shard.bytes > shard_capacity_ && !shard.recent.empty()) {
    const auto oldest = std::prev(shard.recent.end());
    shard.bytes -= oldest->value->size() + kOverheadBytes;
    shard.items.erase(oldest->key);
    evicted.splice(evicted.begin(), shard.recent, oldest);
  }
}

uint64_t BlockCache::bytes() const {
  uint64_t sum = 0;
  for (const Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    sum += shard.bytes;
  }
  return sum;
}

}  // namespace mts::log
