#include "model/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace mts {
namespace {

using namespace std::string_view_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::string Encode(const std::map<std::string, std::string>& headers) {
  std::string encoded;
  HeadersEncoder encoder(encoded);
  encoder.Begin(headers.size());
  for (const auto& [key, value] : headers) encoder.Add(key, value);
  return encoded;
}

std::map<std::string, std::string> Decode(std::string_view encoded) {
  std::map<std::string, std::string> headers;
  ForEachHeaderText(encoded, [&](std::string_view key, std::string_view value) { headers[std::string(key)] = value; });
  return headers;
}

TEST(HeadersTest, NoHeadersAreNoBytes) {
  EXPECT_EQ(Encode({}), "");
  EXPECT_TRUE(ValidateEncodedHeaders("").ok());
  EXPECT_THAT(Decode(""), IsEmpty());
}

TEST(HeadersTest, TextComesBackAtEverySize) {
  for (const size_t size : {0u, 1u, 31u, 32u, 255u, 256u, 65535u, 65536u}) {
    const std::map<std::string, std::string> headers = {{"k", std::string(size, 'v')},
                                                        {std::string(size + 1, 'k'), ""}};
    const std::string encoded = Encode(headers);
    EXPECT_TRUE(ValidateEncodedHeaders(encoded).ok()) << size;
    EXPECT_EQ(Decode(encoded), headers) << size;
  }
}

TEST(HeadersTest, ManyHeaders) {
  for (const int count : {1, 15, 16, 70000}) {
    std::map<std::string, std::string> headers;
    for (int i = 0; i < count; ++i) headers[std::to_string(i)] = std::to_string(i * 2);
    const std::string encoded = Encode(headers);
    EXPECT_TRUE(ValidateEncodedHeaders(encoded).ok());
    EXPECT_EQ(Decode(encoded), headers);
  }
}

TEST(HeadersTest, NumbersAndBooleansAreShownAsText) {
  // {"u": 200, "i": -5, "b": true, "d": 1.5, "big": 2^40, "f": 0.5f}
  const auto encoded =
      "\x86\xA1u\xCC\xC8\xA1i\xFB\xA1"
      "b\xC3\xA1"
      "d\xCB\x3F\xF8\0\0\0\0\0\0\xA3"
      "big\xCF\0\0\1\0\0\0\0\0\xA1"
      "f\xCA\x3F\0\0\0"sv;
  ASSERT_TRUE(ValidateEncodedHeaders(encoded).ok());
  EXPECT_THAT(Decode(encoded), ElementsAre(Pair("b", "true"), Pair("big", "1099511627776"), Pair("d", "1.5"),
                                           Pair("f", "0.5"), Pair("i", "-5"), Pair("u", "200")));
}

TEST(HeadersTest, OtherTypesAreLeftOut) {
  // nil, array, nested map, binary, extension, text that is not UTF-8; then one that is shown
  const auto encoded =
      "\x87\xA1n\xC0\xA1"
      "a\x92\1\2\xA1m\x81\xA1x\xA1y\xA1"
      "b\xC4\2hi\xA1"
      "e\xD4\1z\xA1s\xA1\xFF\xA1k\xA1v"sv;
  ASSERT_TRUE(ValidateEncodedHeaders(encoded).ok());
  EXPECT_THAT(Decode(encoded), ElementsAre(Pair("k", "v")));
}

TEST(HeadersTest, RefusesWhatIsNotOneMapWithStringKeys) {
  EXPECT_FALSE(ValidateEncodedHeaders("\x90"sv).ok());
  EXPECT_FALSE(ValidateEncodedHeaders("\xC0"sv).ok());
  EXPECT_FALSE(ValidateEncodedHeaders("\x81\1\2"sv).ok());
  EXPECT_FALSE(ValidateEncodedHeaders("\x80\x80"sv).ok());
  EXPECT_FALSE(ValidateEncodedHeaders("\x81\xA1k"sv).ok());
  EXPECT_FALSE(ValidateEncodedHeaders("\xDF\xFF\xFF\xFF\xFF"sv).ok());
  EXPECT_FALSE(ValidateEncodedHeaders("\x81\xA1k\xC1"sv).ok());
}

TEST(HeadersTest, NestingIsBounded) {
  std::string fits = "\x81\xA1k" + std::string(31, '\x91') + "\xC0";
  EXPECT_TRUE(ValidateEncodedHeaders(fits).ok());
  std::string deep = "\x81\xA1k" + std::string(32, '\x91') + "\xC0";
  EXPECT_FALSE(ValidateEncodedHeaders(deep).ok());
  EXPECT_FALSE(ValidateEncodedHeaders("\x81\xA1k" + std::string(1'000'000, '\x91')).ok());
}

TEST(HeadersTest, OneHeaderByName) {
  const std::string encoded = Encode({{"content-type", "text/plain"}, {"x", "y"}});
  EXPECT_EQ(HeaderText(encoded, "content-type"), "text/plain");
  EXPECT_EQ(HeaderText(encoded, "none"), "");
}

TEST(HeadersTest, RandomBytesNeverReadOutOfBounds) {
  const uint64_t seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::printf("seed %lu\n", static_cast<unsigned long>(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (!bytes.empty()) bytes[0] = static_cast<char>(0x80 | (random() % 16));
    size_t shown = 0;
    ForEachHeaderText(bytes, [&](std::string_view key, std::string_view value) { shown += key.size() + value.size(); });
    EXPECT_LE(shown, 40u * 32u);
    (void)ValidateEncodedHeaders(bytes);
  }
}

}  // namespace
}  // namespace mts
