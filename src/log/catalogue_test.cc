#include "log/catalogue.h"

#include <malloc.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mts::log {
namespace {

using ::testing::ElementsAre;

class CatalogueTest : public ::testing::Test {
 protected:
  void Publish(std::string_view subject, uint64_t sequence, uint64_t bytes = 10, int64_t time = 1000) {
    const SubjectId id = *catalogue_.FindOrCreate(subject);
    catalogue_.Accept(id, Sequence(sequence));
    const VisibleMessage message{id, 0, Sequence(sequence), bytes, false};
    catalogue_.MakeVisible({&message, 1}, Timestamp(time));
  }
  static Pattern Parse(std::string_view text) { return *Pattern::Parse(text); }
  std::vector<std::string> Names(std::string_view pattern, std::string_view after = {}, size_t size = 100) {
    std::vector<std::string> names;
    for (const store::SubjectState& state : catalogue_.List(Parse(pattern), after, size))
      names.push_back(state.subject);
    return names;
  }

  Catalogue catalogue_{1000};
};

TEST_F(CatalogueTest, ASubjectIsNotSeenBeforeItsFirstVisibleMessage) {
  const SubjectId id = *catalogue_.FindOrCreate("a");
  catalogue_.Accept(id, Sequence(7));
  EXPECT_EQ(catalogue_.accepted_last(id), Sequence(7));
  EXPECT_EQ(catalogue_.Find("a"), std::nullopt);
  EXPECT_EQ(catalogue_.State(id), std::nullopt);
  EXPECT_EQ(catalogue_.Last(Pattern::All()), kNoSequence);
  EXPECT_EQ(catalogue_.subjects(), 0u);
  EXPECT_THAT(Names("*"), ElementsAre());

  Publish("a", 7);
  EXPECT_EQ(catalogue_.Find("a"), id);
  EXPECT_EQ(catalogue_.Last(Pattern::Exact("a")), Sequence(7));
  EXPECT_EQ(catalogue_.subjects(), 1u);
}

TEST_F(CatalogueTest, AGroupCountsEachMessage) {
  const SubjectId a = *catalogue_.FindOrCreate("a");
  const SubjectId b = *catalogue_.FindOrCreate("b");
  const std::vector<VisibleMessage> group = {{a, 0, Sequence(1), 5, false},
                                             {a, 0, Sequence(2), 6, false},
                                             {b, 0, Sequence(3), 7, false},
                                             {a, 0, Sequence(4), 8, false}};
  catalogue_.MakeVisible(group, Timestamp(50));
  catalogue_.MakeVisible(std::vector<VisibleMessage>{{a, 0, Sequence(5), 1, false}}, Timestamp(60));
  const store::SubjectState state = *catalogue_.State(a);
  EXPECT_EQ(state.first, Sequence(1));
  EXPECT_EQ(state.last, Sequence(5));
  EXPECT_EQ(state.messages, 4u);
  EXPECT_EQ(state.bytes, 20u);
  EXPECT_EQ(state.first_time, Timestamp(50));
  EXPECT_EQ(state.last_time, Timestamp(60));
  EXPECT_EQ(catalogue_.messages(), 5u);
  EXPECT_EQ(catalogue_.bytes(), 27u);
}

TEST_F(CatalogueTest, PatternsFindTheirSubjectsInNameOrder) {
  uint64_t sequence = 0;
  for (const char* name : {"a.b.z", "a", "a.b", "a.b-c", "a.bc", "a.b.a.x", "b", "a.b/c"}) Publish(name, ++sequence);
  EXPECT_THAT(Names("a.b.*"), ElementsAre("a.b", "a.b.a.x", "a.b.z"));
  EXPECT_THAT(Names("a.b.*", "a.b"), ElementsAre("a.b.a.x", "a.b.z"));
  EXPECT_THAT(Names("a.b.*", "a.b-c"), ElementsAre("a.b.a.x", "a.b.z"));
  EXPECT_THAT(Names("a.b.*", "a.b.a.x"), ElementsAre("a.b.z"));
  EXPECT_THAT(Names("a.b.*", "", 2), ElementsAre("a.b", "a.b.a.x"));
  EXPECT_THAT(Names("a.b"), ElementsAre("a.b"));
  EXPECT_THAT(Names("a.b", "a.b"), ElementsAre());
  EXPECT_THAT(Names("*", "a.b.z"), ElementsAre("a.b/c", "a.bc", "b"));
  EXPECT_THAT(Names("c.*"), ElementsAre());
  EXPECT_EQ(catalogue_.Last(Parse("a.b.*")), Sequence(6));
  EXPECT_EQ(catalogue_.Last(Parse("*")), Sequence(8));
}

TEST_F(CatalogueTest, WalksOverManySubjectsMissNone) {
  Catalogue many(5000);
  for (uint64_t i = 0; i < 2000; ++i) {
    const SubjectId id = *many.FindOrCreate(Concat("x.", i));
    many.MakeVisible(std::vector<VisibleMessage>{{id, 0, Sequence(i + 1), 1, false}}, Timestamp(1));
  }
  std::string before;
  uint64_t visited = 0;
  many.ForEachMatching(*Pattern::Parse("x.*"), [&](SubjectId id) {
    EXPECT_LT(before, many.Name(id));
    before = many.Name(id);
    return ++visited < 1999;
  });
  EXPECT_EQ(visited, 1999u);
  EXPECT_EQ(many.List(Pattern::All(), {}, 5000).size(), 2000u);
  EXPECT_EQ(many.Last(*Pattern::Parse("x.*")), Sequence(2000));
}

TEST_F(CatalogueTest, RemovalKeepsTheLastSequence) {
  Publish("a", 1, 10);
  Publish("a", 5, 20);
  Publish("b", 6, 30);
  const SubjectId a = *catalogue_.Find("a");
  catalogue_.Removed(a, 1, 10, Sequence(4));
  EXPECT_EQ(catalogue_.State(a)->first, Sequence(4));
  EXPECT_EQ(catalogue_.State(a)->first_time, Timestamp());
  EXPECT_EQ(catalogue_.State(a)->messages, 1u);
  EXPECT_EQ(catalogue_.State(a)->bytes, 20u);
  catalogue_.Removed(a, 1, 20, Sequence(6));
  EXPECT_EQ(catalogue_.State(a)->first, kNoSequence);
  EXPECT_EQ(catalogue_.State(a)->last, Sequence(5));
  EXPECT_EQ(catalogue_.Last(Pattern::Exact("a")), Sequence(5));
  EXPECT_EQ(catalogue_.messages(), 1u);
  EXPECT_EQ(catalogue_.bytes(), 30u);
  Publish("a", 9, 1, 77);
  EXPECT_EQ(catalogue_.State(a)->first, Sequence(9));
  EXPECT_EQ(catalogue_.State(a)->first_time, Timestamp(77));
}

TEST_F(CatalogueTest, RestoringTwiceCountsOnce) {
  store::SubjectState state;
  state.subject = "s";
  state.first = Sequence(3);
  state.last = Sequence(8);
  state.messages = 2;
  state.bytes = 40;
  ASSERT_TRUE(catalogue_.Restore(state).ok());
  ASSERT_TRUE(catalogue_.Restore(state).ok());
  EXPECT_EQ(catalogue_.messages(), 2u);
  EXPECT_EQ(catalogue_.bytes(), 40u);
  EXPECT_EQ(catalogue_.subjects(), 1u);
  const SubjectId id = *catalogue_.Find("s");
  EXPECT_EQ(catalogue_.accepted_last(id), Sequence(8));
  catalogue_.ForgetMessages();
  EXPECT_EQ(catalogue_.messages(), 0u);
  EXPECT_EQ(catalogue_.State(id)->last, Sequence(8));
  catalogue_.CountSegment(id, 2, 40, Sequence(2), Sequence(9), Timestamp(5));
  EXPECT_EQ(catalogue_.State(id)->last, Sequence(8));
  EXPECT_EQ(catalogue_.State(id)->first, Sequence(2));
  EXPECT_EQ(catalogue_.messages(), 2u);
}

TEST_F(CatalogueTest, NoMoreSubjectsThanAllowed) {
  Catalogue small(2);
  EXPECT_TRUE(small.FindOrCreate("a").ok());
  EXPECT_TRUE(small.FindOrCreate("b").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(small.FindOrCreate("c").status()));
  EXPECT_TRUE(small.FindOrCreate("a").ok());
}

TEST_F(CatalogueTest, ReadersSeeOrderedNamesWhileSubjectsAreAdded) {
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      std::string before;
      for (const store::SubjectState& state : catalogue_.List(Pattern::All(), {}, 1000)) {
        EXPECT_LT(before, state.subject);
        EXPECT_GE(state.messages, 1u);
        before = state.subject;
      }
      catalogue_.Find("n500");
      catalogue_.Last(*Pattern::Parse("n1.*"));
    }
  });
  for (uint64_t i = 0; i < 1000; ++i) Publish(Concat("n", i), i + 1);
  stop = true;
  reader.join();
  EXPECT_EQ(catalogue_.subjects(), 1000u);
}

TEST(CatalogueMemoryTest, ASubjectTakesAtMostAHundredBytesBesidesItsName) {
  constexpr uint64_t kSubjects = 200'000;
  constexpr uint64_t kNameBytes = 12;
  const uint64_t before = mallinfo2().uordblks;
  Catalogue catalogue(kSubjects);
  for (uint64_t i = 0; i < kSubjects; ++i) {
    const std::string name = Concat("s", 10'000'000'000 + (i * 7919) % kSubjects);
    ASSERT_EQ(name.size(), kNameBytes);
    const SubjectId id = *catalogue.FindOrCreate(name);
    catalogue.MakeVisible(std::vector<VisibleMessage>{{id, 0, Sequence(i + 1), 1, false}}, Timestamp(1));
  }
  const uint64_t used = mallinfo2().uordblks - before;
  // An allocator of a sanitizer answers nothing.
  if (used > kSubjects) {
    EXPECT_LE(used, kSubjects * (100 + kNameBytes));
  }
}

}  // namespace
}  // namespace mts::log
