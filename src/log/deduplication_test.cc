#include "log/deduplication.h"

#include <map>
#include <random>
#include <vector>

#include "base/text.h"
#include "gtest/gtest.h"

namespace mts::log {
namespace {

DeduplicationKey Key(uint64_t number) { return MakeDeduplicationKey("s", Concat("id-", number)); }

TEST(DeduplicationKeyTest, IsSha256OfSubjectZeroAndId) {
  // printf 'orders\0id-1' | sha256sum
  const DeduplicationKey key = MakeDeduplicationKey("orders", "id-1");
  std::string hex;
  for (const char c : key) hex += absl::StrCat(absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  EXPECT_EQ(hex, "1c14915ff673a686067ff58740012d45");
  EXPECT_NE(MakeDeduplicationKey("a", "bc"), MakeDeduplicationKey("ab", "c"));
  EXPECT_NE(MakeDeduplicationKey("", std::string(2000, 'x')), MakeDeduplicationKey("", std::string(2001, 'x')));
}

TEST(DeduplicationWindowTest, FindsWithinTheWindowOnly) {
  DeduplicationWindow window(100, 10);
  window.Add(Key(1), Sequence(7), 1000);
  EXPECT_EQ(window.Find(Key(1), 1000), Sequence(7));
  EXPECT_EQ(window.Find(Key(1), 1100), Sequence(7));
  EXPECT_EQ(window.Find(Key(1), 1101), std::nullopt);
  EXPECT_EQ(window.Find(Key(2), 1000), std::nullopt);
}

TEST(DeduplicationWindowTest, AnIdAddedAgainAfterItsTimeCountsFromThen) {
  DeduplicationWindow window(100, 10);
  window.Add(Key(1), Sequence(1), 0);
  window.Add(Key(1), Sequence(2), 150);
  EXPECT_EQ(window.Find(Key(1), 200), Sequence(2));
  window.Expire(249);
  EXPECT_EQ(window.Find(Key(1), 250), Sequence(2));
  EXPECT_EQ(window.size(), 1u);
  window.Expire(251);
  EXPECT_EQ(window.size(), 0u);
}

TEST(DeduplicationWindowTest, ForgetTakesBackOnlyItsOwn) {
  DeduplicationWindow window(100, 10);
  window.Add(Key(1), Sequence(1), 0);
  window.Forget(Key(1), Sequence(2));
  EXPECT_EQ(window.Find(Key(1), 0), Sequence(1));
  window.Forget(Key(1), Sequence(1));
  EXPECT_EQ(window.Find(Key(1), 0), std::nullopt);
  window.Add(Key(1), Sequence(3), 10);
  window.Expire(105);
  EXPECT_EQ(window.Find(Key(1), 105), Sequence(3));
}

TEST(DeduplicationWindowTest, TheOldestGoBeyondTheBound) {
  DeduplicationWindow window(1000, 3);
  for (uint64_t i = 1; i <= 5; ++i) window.Add(Key(i), Sequence(i), static_cast<int64_t>(i));
  EXPECT_EQ(window.size(), 3u);
  EXPECT_EQ(window.evicted(), 2u);
  EXPECT_EQ(window.Find(Key(2), 5), std::nullopt);
  EXPECT_EQ(window.Find(Key(3), 5), Sequence(3));
}

TEST(DeduplicationWindowTest, GivesAgesOldestFirst) {
  DeduplicationWindow window(100, 10);
  window.Add(Key(1), Sequence(1), 10);
  window.Add(Key(2), Sequence(2), 20);
  window.Age(5);
  std::vector<std::pair<uint64_t, int64_t>> seen;
  window.ForEach(50, [&](const DeduplicationKey& key, Sequence sequence, int64_t age) {
    seen.emplace_back(sequence.value(), age);
  });
  EXPECT_EQ(seen, (std::vector<std::pair<uint64_t, int64_t>>{{1, 45}, {2, 35}}));
}

// Against a plain model: a map of all that was added and when.
TEST(DeduplicationWindowTest, BehavesAsAMapOfIds) {
  const auto seed = static_cast<uint32_t>(std::random_device()());
  SCOPED_TRACE(Concat("seed ", seed));
  std::mt19937 random(seed);
  DeduplicationWindow window(50, 100'000);
  std::map<uint64_t, std::pair<Sequence, int64_t>> model;
  int64_t now = 0;
  for (uint64_t step = 1; step < 20'000; ++step) {
    now += random() % 3;
    const uint64_t id = random() % 200;
    const auto known = model.find(id);
    const bool inside = known != model.end() && now - known->second.second <= 50;
    ASSERT_EQ(window.Find(Key(id), now), inside ? std::optional(known->second.first) : std::nullopt) << "step " << step;
    switch (random() % 4) {
      case 0:
        if (known != model.end()) {
          window.Forget(Key(id), known->second.first);
          model.erase(known);
        }
        break;
      case 1:
        window.Expire(now);
        break;
      default:
        window.Add(Key(id), Sequence(step), now);
        model[id] = {Sequence(step), now};
    }
  }
}

}  // namespace
}  // namespace mts::log
