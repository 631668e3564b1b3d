#include "server/configuration_values.h"

#include <gtest/gtest.h>

namespace mts::server {
namespace {

TEST(ConfigurationValuesTest, Sizes) {
  EXPECT_EQ(*ParseBytes("0"), 0u);
  EXPECT_EQ(*ParseBytes("1000"), 1000u);
  EXPECT_EQ(*ParseBytes("64MiB"), 64u << 20);
  EXPECT_EQ(*ParseBytes(" 64 mib "), 64u << 20);
  EXPECT_EQ(*ParseBytes("2G"), uint64_t{2} << 30);
  EXPECT_EQ(*ParseBytes("12B"), 12u);
  for (const char* wrong : {"", "MiB", "-1", "1.5GiB", "1XB", "99999999999999999999", "16777216TiB"}) {
    EXPECT_FALSE(ParseBytes(wrong).ok()) << wrong;
  }
}

TEST(ConfigurationValuesTest, Durations) {
  EXPECT_EQ(*ParseDuration("0"), 0);
  EXPECT_EQ(*ParseDuration("100ms"), 100'000);
  EXPECT_EQ(*ParseDuration("1h30m"), int64_t{5400} * 1'000'000);
  EXPECT_EQ(*ParseDuration("7d"), int64_t{7} * 24 * 3600 * 1'000'000);
  EXPECT_EQ(*ParseDuration("5us"), 5);
  for (const char* wrong : {"", "5", "s", "-5s", "5 s", "1y", "99999999999999999999d", "999999999999d"}) {
    EXPECT_FALSE(ParseDuration(wrong).ok()) << wrong;
  }
}

TEST(ConfigurationValuesTest, WhatIsWrittenCanBeRead) {
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{1000}, uint64_t{1} << 10, uint64_t{64} << 20,
                               uint64_t{3} << 30, uint64_t{5} << 40, UINT64_MAX}) {
    EXPECT_EQ(*ParseBytes(FormatBytes(bytes)), bytes);
  }
  for (const int64_t micros : {int64_t{0}, int64_t{1}, int64_t{1500}, int64_t{90'061'000'001}}) {
    EXPECT_EQ(*ParseDuration(FormatDuration(micros)), micros);
  }
  EXPECT_EQ(FormatBytes(64 << 20), "64MiB");
  EXPECT_EQ(FormatDuration(5'400'000'000), "1h30m");
}

TEST(ConfigurationValuesTest, Addresses) {
  for (const char* address : {"0.0.0.0:50051", "localhost:0", "[::1]:65535", "unix:/tmp/socket"}) {
    EXPECT_EQ(*ParseAddress(address), address);
  }
  for (const char* wrong : {"", "50051", ":50051", "host:", "host:x", "host:65536", "unix:"}) {
    EXPECT_FALSE(ParseAddress(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace mts::server
