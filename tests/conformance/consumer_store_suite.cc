#include "store_suite.h"

namespace mts::conformance {
namespace {

using ::testing::ElementsAre;

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConsumerStoreTest);

TEST_P(ConsumerStoreTest, PositionsAreMonotonicAndBounded) {
  for (int i = 0; i < 3; ++i) AppendOk("a", "x");
  AppendOk("b", "x");
  const ConsumerId id{"c", "a"};
  EXPECT_EQ(Position(id), std::nullopt);
  EXPECT_EQ(*Advance(id, 2), Sequence(2));
  EXPECT_EQ(*Advance(id, 1), Sequence(2));
  EXPECT_EQ(*Advance(id, 2), Sequence(2));
  EXPECT_TRUE(absl::IsOutOfRange(Advance(id, 4).status()));  // the last one of another subject
  EXPECT_EQ(*Advance(id, 3), Sequence(3));
  EXPECT_EQ(Position(id), Sequence(3));
  EXPECT_TRUE(absl::IsOutOfRange(Advance({"c", "unknown"}, 1).status()));
}

TEST_P(ConsumerStoreTest, PositionsOutliveARestart) {
  for (int i = 0; i < 3; ++i) AppendOk("a", "x");
  ASSERT_TRUE(Advance({"c", "a"}, 2).ok());
  if (!stores_->Restart()) return;  // nothing outlives the process
  EXPECT_EQ(Position({"c", "a"}), Sequence(2));
  ASSERT_TRUE(Reset({"c", "a"}, 1).ok());
  stores_->Restart();
  EXPECT_EQ(Position({"c", "a"}), Sequence(1));
}

TEST_P(ConsumerStoreTest, OnlyAResetGoesBack) {
  for (int i = 0; i < 3; ++i) AppendOk("a", "x");
  const ConsumerId id{"c", "a"};
  ASSERT_TRUE(Advance(id, 3).ok());
  EXPECT_EQ(*Reset(id, 1), Sequence(1));
  EXPECT_EQ(Position(id), Sequence(1));
  EXPECT_EQ(*Reset(id, 0), Sequence(0));
  EXPECT_TRUE(absl::IsOutOfRange(Reset(id, 4).status()));
}

TEST_P(ConsumerStoreTest, APatternAndItsSubjectsAreDifferentConsumers) {
  AppendOk("a", "x");
  AppendOk("a.b", "x");
  ASSERT_TRUE(Advance({"c", "a.*"}, 2).ok());
  EXPECT_EQ(Position({"c", "a"}), std::nullopt);
  EXPECT_EQ(Position({"c", "a.b"}), std::nullopt);
  EXPECT_EQ(Position({"d", "a.*"}), std::nullopt);
}

TEST_P(ConsumerStoreTest, ConsumersAreListedBySubjectAndName) {
  AppendOk("a", "x");
  AppendOk("b", "x");
  for (const ConsumerId& id : {ConsumerId{"z", "a"}, {"y", "a"}, {"x", "b"}}) ASSERT_TRUE(Advance(id, 1).ok());
  const auto list = [&](std::string_view subject, uint32_t size, const std::string& after) {
    std::vector<std::string> names;
    const auto states = WaitFor<absl::StatusOr<std::vector<ConsumerState>>>([&](auto done) {
      messages().Consumers(subject, {size, after}, std::move(done));
    });
    for (const ConsumerState& state : *states) names.push_back(state.id.subject + "/" + state.id.durable_name);
    return names;
  };
  EXPECT_THAT(list("", 10, ""), ElementsAre("a/y", "a/z", "b/x"));
  EXPECT_THAT(list("", 2, ""), ElementsAre("a/y", "a/z"));
  EXPECT_THAT(list("", 2, "a\nz"), ElementsAre("b/x"));
  EXPECT_THAT(list("a", 10, "a\ny"), ElementsAre("a/z"));
  EXPECT_THAT(list("b", 10, ""), ElementsAre("b/x"));
}

TEST_P(ConsumerStoreTest, ADeletedConsumerIsGone) {
  AppendOk("a", "x");
  const ConsumerId id{"c", "a"};
  ASSERT_TRUE(Advance(id, 1).ok());
  const auto erase = [&] {
    return *WaitFor<absl::StatusOr<bool>>([&](auto done) { messages().DeleteConsumer(id, std::move(done)); });
  };
  EXPECT_TRUE(erase());
  EXPECT_FALSE(erase());
  EXPECT_EQ(Position(id), std::nullopt);
  stores_->Restart();
  EXPECT_EQ(Position(id), std::nullopt);
}

TEST_P(ConsumerStoreTest, WhatComesAfterAPositionIsCounted) {
  for (const char* subject : {"a", "b", "a", "a.x"}) AppendOk(subject, "x");
  const auto count = [&](const std::string& pattern, uint64_t position) {
    return *WaitFor<absl::StatusOr<uint64_t>>(
        [&](auto done) { messages().CountAfter(*Pattern::Parse(pattern), Sequence(position), std::move(done)); });
  };
  EXPECT_EQ(count("a", 0), 2u);
  EXPECT_EQ(count("a", 1), 1u);
  EXPECT_EQ(count("a", 3), 0u);
  EXPECT_EQ(count("a.*", 1), 2u);
  EXPECT_EQ(count("*", 2), 2u);
}

}  // namespace mts::conformance
