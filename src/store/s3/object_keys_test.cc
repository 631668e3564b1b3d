#include "store/s3/object_keys.h"

#include <gtest/gtest.h>

#include <set>

namespace mts::store::s3 {
namespace {

constexpr int64_t kNow = 1'700'000'000'123'456;

void ExpectSafe(const std::string& key) {
  EXPECT_EQ(key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789/-"), key.npos) << key;
  EXPECT_LE(key.size(), 1024u);
  size_t begin = 0;
  while (begin <= key.size()) {
    const size_t end = std::min(key.find('/', begin), key.size());
    EXPECT_GT(end, begin) << key;
    EXPECT_LE(end - begin, 255u) << key;
    begin = end + 1;
  }
}

TEST(ObjectKeys, EveryKeyIsSafeAndSaysWhenItBegan) {
  const ObjectKeys keys("mts/");
  const std::string worst_subject(255, '\xFF');
  for (const std::string& key :
       {keys.NewPack(Timestamp(kNow)), keys.NewOne(Timestamp(kNow)),
        keys.NewForSubject("orders.New York", Timestamp(kNow)), keys.NewForSubject(worst_subject, Timestamp(kNow)),
        keys.NewOpenUpload(Timestamp(kNow))}) {
    ExpectSafe(key);
    EXPECT_TRUE(keys.IsOwn(key));
    const auto start = keys.StartOf(key);
    ASSERT_TRUE(start) << key;
    EXPECT_LE(start->value(), kNow);
    EXPECT_GT(start->value(), kNow - 60'000'000);
  }
}

TEST(ObjectKeys, DoNotRepeat) {
  const ObjectKeys keys("mts/");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(keys.NewOne(Timestamp(kNow))).second);
}

TEST(ObjectKeys, TellsPacksAndForeignKeysApart) {
  const ObjectKeys keys("mts/");
  EXPECT_TRUE(keys.IsPack(keys.NewPack(Timestamp(kNow))));
  EXPECT_FALSE(keys.IsPack(keys.NewOne(Timestamp(kNow))));
  EXPECT_FALSE(keys.IsOwn("orders/12345.json"));
  EXPECT_FALSE(keys.StartOf("orders/12345.json"));
  EXPECT_FALSE(keys.StartOf("mts/data/one/zz/x"));
  EXPECT_FALSE(keys.StartOf("mts/data/subject/a/b"));
}

TEST(ObjectKeys, SubjectsKeepTheirPathAndNeverCollide) {
  EXPECT_EQ(EncodeSubject("orders.eu.2024"), "orders/eu/2024");
  EXPECT_EQ(EncodeSubject("A-b_c"), "-41-2db-5fc");
  EXPECT_EQ(EncodeSubject("a..b"), "a/--/b");
  EXPECT_EQ(EncodeSubject("."), "--/--");
  const std::string long_part(230, 'x');
  EXPECT_EQ(EncodeSubject(long_part), std::string(200, 'x') + "-/" + std::string(30, 'x'));
  const std::set<std::string> encoded = {EncodeSubject("a.b"),
                                         EncodeSubject("a/b"),
                                         EncodeSubject("a-b"),
                                         EncodeSubject("A.b"),
                                         EncodeSubject("a.-b"),
                                         EncodeSubject("a..b"),
                                         EncodeSubject(std::string(200, 'x') + "." + std::string(30, 'x')),
                                         EncodeSubject(long_part)};
  EXPECT_EQ(encoded.size(), 8u);
}

}  // namespace
}  // namespace mts::store::s3
