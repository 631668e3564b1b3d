#include "cli/client/contexts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace mts::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ContextsTest : public testing::Test {
 protected:
  ContextsTest() : home_(testing::TempDir() + "mts-contexts-" + std::to_string(getpid())) {
    std::filesystem::remove_all(home_);
    setenv("XDG_CONFIG_HOME", home_.c_str(), 1);
  }
  ~ContextsTest() override { std::filesystem::remove_all(home_); }

  static std::string ErrorOf(const std::string& text) {
    const auto contexts = ParseContexts(text, "c.yaml");
    return contexts.ok() ? "" : std::string(contexts.status().message());
  }

  const std::string home_;
};

TEST_F(ContextsTest, WhatIsWrittenIsReadBack) {
  Contexts contexts;
  contexts.current = "production";
  contexts.named["production"].settings = {{"ingress", "a.example:50051"}, {"timeout", "5s"}};
  contexts.named["empty"];
  ASSERT_TRUE(WriteContexts(contexts).ok());
  const auto read = ReadContexts();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->current, "production");
  EXPECT_EQ(read->named.size(), 2u);
  EXPECT_THAT(read->named.at("production").settings,
              UnorderedElementsAre(Pair("ingress", "a.example:50051"), Pair("timeout", "5s")));
  // For its owner only, and nothing beside it.
  struct stat info = {};
  ASSERT_EQ(stat(ContextsPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const std::filesystem::directory_iterator folder(home_ + "/minitoolstream");
  EXPECT_EQ(std::distance(begin(folder), end(folder)), 1);
}

TEST_F(ContextsTest, NoFileIsNoContext) {
  EXPECT_TRUE(ReadContexts()->named.empty());
  EXPECT_EQ(ChooseContext(std::nullopt)->name, "");
  EXPECT_THAT(std::string(ChooseContext("x").status().message()), HasSubstr("no context 'x'"));
}

TEST_F(ContextsTest, OneIsChosenByNameOrTheOneInUse) {
  Contexts contexts;
  contexts.named["a"].settings["ingress"] = "a:1";
  contexts.named["b"].settings["ingress"] = "b:1";
  contexts.current = "a";
  ASSERT_TRUE(WriteContexts(contexts).ok());
  EXPECT_EQ(ChooseContext(std::nullopt)->name, "a");
  EXPECT_EQ(ChooseContext("b")->context.settings.at("ingress"), "b:1");
  EXPECT_EQ(ChooseContext("")->name, "");
  EXPECT_THAT(std::string(ChooseContext("c").status().message()), HasSubstr("it has a, b"));
}

TEST_F(ContextsTest, WhatIsWrongInTheFileIsNamedWithItsLine) {
  EXPECT_EQ(ErrorOf("current: a\n"), "c.yaml:1: 'current' names the context 'a', which is not in the file");
  EXPECT_EQ(ErrorOf("contexts:\n  a:\n    ingres: x:1\n"), "c.yaml:3: unknown setting 'ingres' of context 'a'");
  EXPECT_THAT(ErrorOf("contexts:\n  a:\n    ingress: nowhere\n"), HasSubstr("c.yaml:3: ingress: 'nowhere' is not"));
  EXPECT_THAT(ErrorOf("contexts:\n  a: {}\n  a: {}\n"), HasSubstr("c.yaml:3: context 'a' is there twice"));
  EXPECT_THAT(ErrorOf("contexts:\n  'a b': {}\n"), HasSubstr("c.yaml:2: 'a b' is not a context's name"));
  EXPECT_THAT(ErrorOf("other: 1\n"), HasSubstr("c.yaml:1: unknown key 'other'"));
  EXPECT_THAT(ErrorOf("- a\n"), HasSubstr("c.yaml:1: must be a map"));
  EXPECT_THAT(ErrorOf("contexts: {a: \n"), HasSubstr("c.yaml:"));
  EXPECT_THAT(ErrorOf("contexts:\n\x04\n  a: {}\n"), HasSubstr("c.yaml:2: a control character"));
  EXPECT_EQ(ErrorOf(""), "");
  EXPECT_EQ(ErrorOf("contexts:\n"), "");
}

TEST_F(ContextsTest, ADamagedFileIsAnErrorNotAnEmptyOne) {
  std::filesystem::create_directories(home_ + "/minitoolstream");
  std::ofstream(ContextsPath()) << "contexts: [\x01";
  EXPECT_THAT(std::string(ReadContexts().status().message()), HasSubstr(ContextsPath() + ":"));
  EXPECT_FALSE(ChooseContext(std::nullopt).ok());
  std::ofstream(ContextsPath()) << std::string((1 << 20) + 1, ' ');
  EXPECT_THAT(std::string(ReadContexts().status().message()), HasSubstr("longer than 1 MiB"));
}

}  // namespace
}  // namespace mts::cli
