#include "log/block_cache.h"

#include "gtest/gtest.h"

namespace mts::log {
namespace {

BlockCache::Value MakeValue(size_t size) { return std::make_shared<const std::string>(size, 'x'); }

TEST(BlockCacheTest, FindsWhatWasInserted) {
  BlockCache cache(1 << 20);
  const uint64_t file = cache.NewFileId();
  EXPECT_NE(file, cache.NewFileId());
  cache.Insert({file, 1, 0}, MakeValue(10));
  cache.Insert({file, 1, 5}, MakeValue(20));
  EXPECT_EQ(cache.Find({file, 1, 0})->size(), 10u);
  EXPECT_EQ(cache.Find({file, 1, 5})->size(), 20u);
  EXPECT_EQ(cache.Find({file, 2, 0}), nullptr);
  EXPECT_EQ(cache.Find({file + 1, 1, 0}), nullptr);
}

TEST(BlockCacheTest, StaysWithinItsBytes) {
  BlockCache cache(1 << 20);
  for (uint64_t i = 0; i < 10'000; ++i) cache.Insert({1, i, 0}, MakeValue(4096));
  EXPECT_LE(cache.bytes(), uint64_t{1} << 20);
  EXPECT_GT(cache.bytes(), uint64_t{1} << 19);
}

TEST(BlockCacheTest, TheLeastRecentlyUsedGoesFirst) {
  BlockCache cache(1 << 20);
  cache.Insert({1, 0, 0}, MakeValue(4096));
  for (uint64_t i = 1; i < 5000; ++i) {
    cache.Insert({1, i, 0}, MakeValue(4096));
    ASSERT_NE(cache.Find({1, 0, 0}), nullptr) << i;
  }
  EXPECT_EQ(cache.Find({1, 1, 0}), nullptr);
}

TEST(BlockCacheTest, WithoutRoomItKeepsNothingAndHarmsNobody) {
  BlockCache cache(0);
  const BlockCache::Value value = MakeValue(4096);
  cache.Insert({1, 1, 0}, value);
  EXPECT_EQ(cache.Find({1, 1, 0}), nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_EQ(value->size(), 4096u);
}

}  // namespace
}  // namespace mts::log
