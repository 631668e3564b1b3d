#include "model/subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mts {
namespace {

using ::testing::HasSubstr;

TEST(SubjectTest, AcceptsOrdinaryNames) {
  for (const char* subject :
       {"a", "orders.new", "a/b-c_d", "заказы.новые", "x.y.z", "\xF0\x9F\x98\x80", "a..b", "$sys"}) {
    EXPECT_TRUE(ValidateSubject(subject).ok()) << subject;
  }
  EXPECT_TRUE(ValidateSubject(std::string(255, 'x')).ok());
}

TEST(SubjectTest, RefusesWhatTheRulesForbid) {
  EXPECT_EQ(ValidateSubject("").message(), "subject cannot be empty");
  EXPECT_THAT(ValidateSubject(std::string(256, 'x')).message(), HasSubstr("256 bytes"));
  using namespace std::string_view_literals;
  for (const std::string_view subject : {"a b"sv, "a\tb"sv, "a\nb"sv, "a*"sv, "*"sv, "a.>"sv, "a\0b"sv, "\x7F"sv,
                                         "\xC2\x85"sv, "\xFF"sv, "\xC3"sv, "\xC0\xAF"sv, "\xED\xA0\x80"sv}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ValidateSubject(subject))) << subject;
  }
}

TEST(SubjectTest, DurableNamesMayHaveSpacesButNoControlCharacters) {
  EXPECT_TRUE(ValidateDurableName("copy one *").ok());
  EXPECT_EQ(ValidateDurableName("").message(), "durable_name cannot be empty");
  EXPECT_FALSE(ValidateDurableName("a\nb").ok());
  EXPECT_FALSE(ValidateDurableName("\xFF").ok());
  EXPECT_FALSE(ValidateDurableName(std::string(256, 'x')).ok());
}

TEST(Utf8Test, FollowsRfc3629) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("0123456789abcdef"));
  EXPECT_TRUE(IsValidUtf8("12345678\xD0\xB0 and more"));
  EXPECT_TRUE(IsValidUtf8("\xEE\x80\x80\xEF\xBF\xBF\xF4\x8F\xBF\xBF\xED\x9F\xBF"));
  for (const char* bad :
       {"\x80", "\xBF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xE2\x82", "12345678\xE2\x82", "\xF0\x9F\x98", "\xC3(", "\xFE"}) {
    EXPECT_FALSE(IsValidUtf8(bad)) << bad;
  }
}

TEST(PatternTest, AllMatchesEverySubject) {
  const auto pattern = Pattern::Parse("*");
  ASSERT_TRUE(pattern.ok());
  EXPECT_TRUE(pattern->Matches("a"));
  EXPECT_TRUE(pattern->Matches("a.b.c"));
  EXPECT_EQ(pattern->ToString(), "*");
  EXPECT_FALSE(pattern->exact());
}

TEST(PatternTest, BelowMatchesTheBaseAndWhatLiesBelow) {
  const auto pattern = Pattern::Parse("a.b.*");
  ASSERT_TRUE(pattern.ok());
  EXPECT_EQ(pattern->base(), "a.b");
  EXPECT_TRUE(pattern->Matches("a.b"));
  EXPECT_TRUE(pattern->Matches("a.b.c"));
  EXPECT_TRUE(pattern->Matches("a.b.c.d"));
  EXPECT_FALSE(pattern->Matches("a.bc"));
  EXPECT_FALSE(pattern->Matches("a"));
  EXPECT_FALSE(pattern->Matches(""));
  EXPECT_EQ(pattern->ToString(), "a.b.*");
}

TEST(PatternTest, OtherwiseExact) {
  const auto pattern = Pattern::Parse("a.b");
  ASSERT_TRUE(pattern.ok());
  EXPECT_TRUE(pattern->exact());
  EXPECT_TRUE(pattern->Matches("a.b"));
  EXPECT_FALSE(pattern->Matches("a.b.c"));
  EXPECT_EQ(*pattern, Pattern::Exact("a.b"));
}

TEST(PatternTest, RefusesWildcardsElsewhere) {
  for (const char* text : {"", ".*", "a*", "*.a", "a.*.b", "**", "a.>", ">", "a.*.*", "a b"}) {
    EXPECT_FALSE(Pattern::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace mts
