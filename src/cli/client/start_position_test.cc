#include "cli/client/start_position.h"

#include <gtest/gtest.h>

namespace mts::cli {
namespace {

using Case = ::minitoolstream::StartPosition::PositionCase;
const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

TEST(StartPosition, FirstIsTheDefaultOfTheContract) {
  EXPECT_EQ(ParseStartPosition("first", kNow)->position_case(), Case::POSITION_NOT_SET);
  EXPECT_EQ(ParseStartPosition("0", kNow)->position_case(), Case::POSITION_NOT_SET);
}

TEST(StartPosition, ASequenceIsTheFirstOneRead) {
  EXPECT_EQ(ParseStartPosition("42", kNow)->after_sequence(), 41u);
  EXPECT_EQ(ParseStartPosition("1", kNow)->after_sequence(), 0u);
  EXPECT_EQ(ParseStartPosition("1", kNow)->position_case(), Case::kAfterSequence);
}

TEST(StartPosition, NewAndTimes) {
  EXPECT_TRUE(ParseStartPosition("new", kNow)->newest());
  EXPECT_EQ(ParseStartPosition("1970-01-02T00:00:00Z", kNow)->time().seconds(), 86400);
  EXPECT_EQ(ParseStartPosition("10m", kNow)->time().seconds(), 1'000'000 - 600);
  EXPECT_EQ(ParseStartPosition("1500ms", kNow)->time().nanos(), 500'000'000);
}

TEST(StartPosition, AnythingElseIsRefused) {
  for (const char* text : {"", "last", "-5", "18446744073709551616", "tomorrow"}) {
    EXPECT_FALSE(ParseStartPosition(text, kNow).ok()) << text;
  }
}

}  // namespace
}  // namespace mts::cli
