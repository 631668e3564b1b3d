#include "log/consumer_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mts::log {
namespace {

using ::testing::ElementsAre;

class ConsumerTableTest : public ::testing::Test {
 protected:
  std::vector<std::string> Names(std::string_view subject, std::string_view after = {}, size_t size = 100) {
    std::vector<std::string> names;
    for (const ConsumerState& state : table_.List(subject, after, size)) {
      names.push_back(state.id.subject + "/" + state.id.durable_name);
    }
    return names;
  }
  ConsumerTable table_;
};

TEST_F(ConsumerTableTest, KeepsWhatWasSetLast) {
  const ConsumerId id{"d", "s"};
  EXPECT_EQ(table_.Position(id), std::nullopt);
  table_.Set(id, Sequence(5), Timestamp(10));
  table_.Set(id, Sequence(3), Timestamp(20));
  EXPECT_EQ(table_.Position(id), Sequence(3));
  EXPECT_EQ(table_.List("s", "", 10).front().last_active, Timestamp(20));
  EXPECT_EQ(table_.size(), 1u);
  table_.Delete(id);
  table_.Delete(id);
  EXPECT_EQ(table_.Position(id), std::nullopt);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(ConsumerTableTest, ListsBySubjectThenName) {
  for (const auto& [name, subject] : {std::pair{"b", "s"}, {"a", "t"}, {"a", "s"}, {"c", "s.x"}, {"z", "a"}}) {
    table_.Set({name, subject}, Sequence(1), Timestamp());
  }
  EXPECT_THAT(Names(""), ElementsAre("a/z", "s/a", "s/b", "s.x/c", "t/a"));
  EXPECT_THAT(Names("s"), ElementsAre("s/a", "s/b"));
  EXPECT_THAT(Names("s", "s\na"), ElementsAre("s/b"));
  EXPECT_THAT(Names("", "s\na", 2), ElementsAre("s/b", "s.x/c"));
  EXPECT_THAT(Names("", "s\nb"), ElementsAre("s.x/c", "t/a"));
  EXPECT_THAT(Names("t", "s\na"), ElementsAre("t/a"));
  EXPECT_THAT(Names("nothing"), ElementsAre());
}

}  // namespace
}  // namespace mts::log
