#include "cli/terminal/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/terminal/json.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/table.h"

namespace mts::cli {
namespace {

using ::testing::HasSubstr;

TEST(Format, BytesAndCounts) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1536), "1.50 KiB");
  EXPECT_EQ(FormatBytes(uint64_t{20} << 30), "20.0 GiB");
  EXPECT_EQ(FormatCount(7), "7");
  EXPECT_EQ(FormatCount(1234567), "1,234,567");
  EXPECT_EQ(FormatCount(123456), "123,456");
}

TEST(Format, Clock) {
  EXPECT_EQ(FormatClock(absl::Seconds(7)), "00:07");
  EXPECT_EQ(FormatClock(absl::Seconds(3723)), "1:02:03");
  EXPECT_EQ(FormatClock(absl::InfiniteDuration()), "--:--");
}

TEST(Format, ParsesSizes) {
  EXPECT_EQ(ParseBytes("256").value(), 256u);
  EXPECT_EQ(ParseBytes("10k").value(), 10240u);
  EXPECT_EQ(ParseBytes("10KiB").value(), 10240u);
  EXPECT_EQ(ParseBytes("1.5 MiB").value(), 1572864u);
  EXPECT_EQ(ParseBytes("2GB").value(), uint64_t{2} << 30);
  for (const char* bad : {"", "x", "-1", "1x", "1kbit", "99999999999999999999", "1..2"}) {
    EXPECT_FALSE(ParseBytes(bad).ok()) << bad;
  }
}

TEST(Format, ParsesTimeSpans) {
  EXPECT_EQ(ParseDuration("10").value(), absl::Seconds(10));
  EXPECT_EQ(ParseDuration("500ms").value(), absl::Milliseconds(500));
  EXPECT_EQ(ParseDuration("1h30m").value(), absl::Minutes(90));
  for (const char* bad : {"", "-5", "five", "inf", "nan", "1e300"}) {
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
  }
}

TEST(Format, ParsesTimes) {
  const absl::Time time = absl::FromUnixSeconds(1795428000);
  EXPECT_EQ(FormatTimestamp(time), "2026-11-23T10:00:00.000Z");
  EXPECT_EQ(ParseTime("2026-11-23T10:00:00Z").value(), time);
  EXPECT_EQ(ParseTime("2026-11-23T12:00:00+02:00").value(), time);
  EXPECT_EQ(ParseTime("2026-11-23T10:00:00").value(), time);
  EXPECT_EQ(ParseTime("2026-11-23").value(), time - absl::Hours(10));
  EXPECT_FALSE(ParseTime("yesterday").ok());
}

TEST(Format, PrintableTextNeverSendsControlBytesToATerminal) {
  EXPECT_EQ(PrintableText("plain", 80), "plain");
  EXPECT_EQ(PrintableText("привет", 6), "привет");
  EXPECT_EQ(PrintableText("a\nb\x1b[2J\xff", 80), "a\\nb\\x1b[2J\\xff");
  EXPECT_EQ(PrintableText("\xc2\x9b", 80), "\\xc2\\x9b");
  EXPECT_EQ(PrintableText("abcdef", 4), "abc…");
}

TEST(Json, EscapesAndKeepsOrder) {
  JsonObject object;
  object.Add("text", "a\"b\\c\n\x01").Add("number", 3u).Add("flag", true).Add("rate", 1.5);
  EXPECT_EQ(object.ToString(), R"({"text":"a\"b\\c\n\u0001","number":3,"flag":true,"rate":1.5})");
}

TEST(Json, PayloadsThatAreNotTextGoInBase64) {
  EXPECT_EQ(JsonObject().AddPayload("data", "да").ToString(), "{\"data\":\"да\"}");
  EXPECT_EQ(JsonObject().AddPayload("data", "\xff\xfe").ToString(), R"({"data_base64":"//4="})");
  EXPECT_EQ(JsonString("a\xff"), "\"a\xef\xbf\xbd\"");
}

TEST(Table, AlignsByCharacters) {
  Table table({{"NAME"}, {"COUNT", Table::Align::kRight}});
  table.AddRow({"имя", "7"});
  table.AddRow({"longer", "1,000"});
  EXPECT_EQ(table.ToString(false), "NAME    COUNT\nимя         7\nlonger  1,000\n");
}

TEST(Progress, LineHasShareRateAndTimeLeftAndFits) {
  const std::string line = ProgressLine(512 << 20, 1 << 30, 64 << 20, "usr/bin/ls", 120);
  EXPECT_THAT(line, HasSubstr("50%  512 MiB of 1.00 GiB  64.0 MiB/s  00:08 left  usr/bin/ls"));
  EXPECT_LE(ProgressLine(1, 2, 3, "name", 40).size(), 40u);
  EXPECT_THAT(ProgressLine(1 << 20, 0, 1024, "", 80), HasSubstr("1.00 MiB  1.00 KiB/s"));
}

}  // namespace
}  // namespace mts::cli
