#include "cli/client/file_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "model/subject.h"

namespace mts::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FileName, PlainNamesStayAsTheyAre) {
  EXPECT_EQ(EncodeFileName("bin/ls"), "bin/ls");
  EXPECT_EQ(EncodeFileName("docs/описание файла.txt"), "docs/описание файла.txt");
}

TEST(FileName, PercentAndBytesThatAreNotUtf8AreEscaped) {
  EXPECT_EQ(EncodeFileName("100%"), "100%25");
  EXPECT_EQ(EncodeFileName("a\xff\xc3(b"), "a%FF%C3(b");
  // A surrogate in UTF-8 is not UTF-8.
  EXPECT_EQ(EncodeFileName("\xed\xa0\x80"), "%ED%A0%80");
}

TEST(FileName, EveryNameComesBack) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string name;
    for (unsigned length = random() % 40; name.size() < length;) {
      name.push_back(random() % 4 == 0 ? '%' : static_cast<char>(random() % 256));
    }
    const std::string header = EncodeFileName(name);
    EXPECT_TRUE(IsValidUtf8(header));
    const auto decoded = DecodeFileName(header);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, name);
  }
}

TEST(FileName, BadEscapesAreRefused) {
  for (const char* header : {"%", "a%2", "%zz", "%2%"}) {
    EXPECT_FALSE(DecodeFileName(header).ok()) << header;
  }
  EXPECT_EQ(DecodeFileName("%2fetc").value(), "/etc");
}

TEST(FileName, NamesBelowTheFolderAreSafe) {
  EXPECT_THAT(SafeComponents("a/b c/d..e").value(), ElementsAre("a", "b c", "d..e"));
  EXPECT_THAT(SafeComponents("...").value(), ElementsAre("..."));
  EXPECT_THAT(SafeComponents("-rf").value(), ElementsAre("-rf"));
}

TEST(FileName, NamesThatLeaveTheFolderAreRefused) {
  for (const std::string& name : {std::string(), std::string("/etc/passwd"), std::string(".."), std::string("../x"),
                                  std::string("a/../b"), std::string("a/.."), std::string("."), std::string("./a"),
                                  std::string("a//b"), std::string("a/"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(SafeComponents(name).ok()) << name;
  }
  EXPECT_THAT(SafeComponents("../x").status().message(), HasSubstr("../x"));
}

}  // namespace
}  // namespace mts::cli
