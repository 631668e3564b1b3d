#include "log/memory_index.h"

#include <thread>

#include "base/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mts::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MemoryIndexTest : public ::testing::Test {
 protected:
  // Message number i has the record offset 8 * i.
  void Add(std::string_view subject, uint64_t sequence, uint64_t bytes = 1) {
    const SubjectId id = *catalogue_.FindOrCreate(subject);
    const VisibleMessage message{id, ++added_, Sequence(sequence), bytes, false};
    catalogue_.MakeVisible({&message, 1}, Timestamp(1));
    index_.Add({&message, 1}, Timestamp(static_cast<int64_t>(sequence)));
  }
  std::vector<uint64_t> Find(const char* pattern, uint64_t after, uint64_t through = UINT64_MAX, size_t limit = 1000) {
    std::vector<Hit> hits;
    const Pattern parsed = *Pattern::Parse(pattern);
    EXPECT_TRUE(index_.Find({parsed, Sequence(after), Sequence(through), limit}, hits).ok());
    std::vector<uint64_t> sequences;
    for (const Hit& hit : hits) sequences.push_back(hit.sequence.value());
    return sequences;
  }
  uint64_t Count(const char* pattern, uint64_t after) {
    return *index_.CountAfter(*Pattern::Parse(pattern), Sequence(after));
  }

  Catalogue catalogue_{1'000'000};
  MemoryIndex index_{SegmentNumber(1), 7, catalogue_};
  uint32_t added_ = 0;
};

TEST_F(MemoryIndexTest, EmptyHasNothing) {
  EXPECT_THAT(Find("*", 0), IsEmpty());
  EXPECT_THAT(Find("a", 0), IsEmpty());
  EXPECT_THAT(Find("a.*", 0), IsEmpty());
  EXPECT_EQ(Count("*", 0), 0u);
  EXPECT_TRUE(absl::IsNotFound(index_.FindOne(Sequence(1)).status()));
}

TEST_F(MemoryIndexTest, GapsBelongToNobody) {
  Add("a", 10);
  Add("b", 11);
  Add("a", 20);
  Add("a", 22);
  EXPECT_THAT(Find("*", 0), ElementsAre(10, 11, 20, 22));
  EXPECT_THAT(Find("*", 11), ElementsAre(20, 22));
  EXPECT_THAT(Find("*", 15, 21), ElementsAre(20));
  EXPECT_THAT(Find("*", 12, 19), IsEmpty());
  EXPECT_THAT(Find("*", 22), IsEmpty());
  EXPECT_THAT(Find("*", UINT64_MAX), IsEmpty());
  EXPECT_EQ(index_.FindOne(Sequence(20))->offset8, 3u);
  for (const uint64_t missing : {0, 9, 12, 19, 21, 23}) {
    EXPECT_TRUE(absl::IsNotFound(index_.FindOne(Sequence(missing)).status())) << missing;
  }
  EXPECT_EQ(Count("a", 10), 2u);
  EXPECT_TRUE(index_.has_gaps());
}

TEST_F(MemoryIndexTest, LongListsAreEnteredInTheMiddle) {
  for (uint64_t i = 1; i <= 1000; ++i) Add(i % 3 == 0 ? "a" : "b", i);
  for (uint64_t after = 0; after <= 1001; ++after) {
    const uint64_t next = after / 3 * 3 + 3;
    const auto found = Find("a", after, UINT64_MAX, 2);
    if (next > 999) {
      ASSERT_THAT(found, IsEmpty()) << after;
    } else if (next == 999) {
      ASSERT_THAT(found, ElementsAre(next)) << after;
    } else {
      ASSERT_THAT(found, ElementsAre(next, next + 3)) << after;
    }
    ASSERT_EQ(Count("a", after), after >= 1000 ? 0 : 333 - after / 3) << after;
  }
}

TEST_F(MemoryIndexTest, PatternsSeeSubjectsThatCameLater) {
  Add("a.b", 1);
  EXPECT_THAT(Find("a.*", 0), ElementsAre(1));
  Add("a", 2);
  Add("a-b", 3);
  Add("a.c.d", 4);
  Add("ab", 5);
  EXPECT_THAT(Find("a.*", 0), ElementsAre(1, 2, 4));
  EXPECT_THAT(Find("a.c.*", 0), ElementsAre(4));
  EXPECT_EQ(Count("a.*", 1), 2u);
  for (uint64_t i = 0; i < 100; ++i) Add(Concat("a.", i), 6 + i);  // more than are walked one by one
  EXPECT_THAT(Find("a.*", 1, UINT64_MAX, 4), ElementsAre(2, 4, 6, 7));
  EXPECT_EQ(Count("a.*", 0), 103u);
}

TEST_F(MemoryIndexTest, RarePatternsAreFoundFarAway) {
  for (uint64_t i = 1; i <= 10'000; ++i) Add(i % 4000 == 0 ? Concat("rare.", i) : Concat("often.", i % 30), i);
  for (const uint64_t after : {0, 3999, 4000, 7000}) {
    const auto found = Find("rare.*", after);
    const uint64_t first = (after / 4000 + 1) * 4000;
    ASSERT_EQ(found.size(), (10'000 - after / 4000 * 4000) / 4000);
    ASSERT_EQ(found.front(), first);
  }
  EXPECT_THAT(Find("rare.*", 8000), IsEmpty());
  EXPECT_EQ(Find("often.*", 0, UINT64_MAX, 5000).size(), 5000u);
  EXPECT_EQ(Find("often.*", 0, UINT64_MAX, 100'000).size(), 9'998u);
}

TEST_F(MemoryIndexTest, DescribesSubjectsInOrder) {
  Add("b", 1, 10);
  Add("a", 2, 5);
  Add("b", 3, 7);
  std::vector<std::string> totals;
  ASSERT_TRUE(index_
                  .Describe(
                      [&](const SegmentSet::SubjectTotal& total) {
                        totals.push_back(Concat(total.subject, " ", total.messages, " ", total.payload_bytes));
                      },
                      [](const Hit&) {})
                  .ok());
  EXPECT_THAT(totals, ElementsAre("a 1 5", "b 2 17"));
  const SegmentSummary summary = index_.Summary();
  EXPECT_EQ(summary.payload_bytes, 22u);
  EXPECT_EQ(summary.first_time, Timestamp(1));
  EXPECT_EQ(summary.last_time, Timestamp(3));
}

TEST_F(MemoryIndexTest, NeedsAtMost16BytesAMessage) {
  std::vector<VisibleMessage> batch;
  std::vector<SubjectId> subjects;
  for (int i = 0; i < 1000; ++i) subjects.push_back(*catalogue_.FindOrCreate(Concat("s.", i)));
  for (uint64_t i = 0; i < 200'000; ++i) {
    batch.push_back({subjects[i % 1000], static_cast<uint32_t>(i), Sequence(i + 1), 1, false});
  }
  index_.Add(batch, Timestamp(1));
  EXPECT_LE(index_.MemoryBytes() / 200'000.0, 16.0);
}

TEST_F(MemoryIndexTest, ReadersNeedNoPauseOfTheWriter) {
  std::vector<SubjectId> subjects;
  for (uint64_t i = 0; i < 20; ++i) {
    Add(Concat("s.", i), i + 1);
    subjects.push_back(*catalogue_.Find(Concat("s.", i)));
  }
  std::atomic<uint64_t> visible{20};
  std::thread writer([&] {
    for (uint64_t next = 21; next < 60'000; next += 100) {
      std::vector<VisibleMessage> batch;
      for (uint64_t i = next; i < next + 100; ++i) {
        batch.push_back({subjects[(i - 1) % 20], static_cast<uint32_t>(i), Sequence(i), 1, false});
      }
      index_.Add(batch, Timestamp(1));
      visible.store(next + 99);
    }
  });
  while (visible.load() < 59'000) {
    const uint64_t through = visible.load();
    ASSERT_EQ(Find("*", 0, through, 1'000'000).size(), through);
    ASSERT_EQ(Find("s.*", 0, through, 1'000'000).size(), through);
    ASSERT_EQ(Find("s.0", 0, through, 1'000'000).size(), (through + 19) / 20);
    ASSERT_GE(Count("s.1", 0), (through + 18) / 20);
    ASSERT_GE(Count("s.*", 0), through);
  }
  writer.join();
}

}  // namespace
}  // namespace mts::log
