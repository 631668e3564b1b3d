// Source and output folders on a real file system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/crc32c.h"
#include "cli/client/file_name.h"
#include "cli/client/message_id.h"
#include "cli/client/output_folder.h"
#include "cli/client/source_folder.h"

namespace mts::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FoldersTest : public testing::Test {
 protected:
  FoldersTest() {
    std::string name = testing::TempDir() + "/folders-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~FoldersTest() override { fs::remove_all(root_); }

  void Put(const std::string& name, const std::string& content) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << content;
  }
  static std::string Content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static absl::StatusOr<OutputFile> Create(OutputFolder& folder, const std::string& name, bool resume = false) {
    return folder.Create(SafeComponents(name).value(), "7", resume);
  }

  fs::path root_;
};

TEST_F(FoldersTest, ListsRegularFilesSortedAndNamesTheRest) {
  Put("b/2", "22");
  Put("b/1", "1");
  Put("a", "");
  fs::create_symlink("a", root_ / "link");
  fs::create_directory_symlink("b", root_ / "folder-link");
  mkfifo((root_ / "pipe").c_str(), 0600);
  const auto folder = ListSourceFolder(root_);
  ASSERT_TRUE(folder.ok()) << folder.status();
  std::vector<std::string> names;
  for (const SourceFile& file : folder->files) names.push_back(file.name);
  EXPECT_THAT(names, ElementsAre("a", "b/1", "b/2"));
  EXPECT_THAT(folder->skipped, SizeIs(3));
  EXPECT_THAT(folder->unreadable, IsEmpty());
  EXPECT_EQ(folder->bytes, 3u);
}

TEST_F(FoldersTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(ListSourceFolder(root_ / "nothing").status()));
}

TEST_F(FoldersTest, AFileAppearsOnlyWhenItIsWhole) {
  auto folder = OutputFolder::Open(root_ / "out").value();
  {
    auto file = Create(folder, "x/y/z").value();
    ASSERT_TRUE(file.Write("hello ").ok());
    ASSERT_TRUE(file.Write("world").ok());
    EXPECT_FALSE(fs::exists(root_ / "out/x/y/z"));
    ASSERT_TRUE(file.Commit(0640).ok());
  }
  EXPECT_EQ(Content(root_ / "out/x/y/z"), "hello world");
  EXPECT_EQ(fs::status(root_ / "out/x/y/z").permissions(), fs::perms(0640));
}

TEST_F(FoldersTest, WhatIsNotCommittedLeavesNothing) {
  auto folder = OutputFolder::Open(root_ / "out").value();
  {
    auto file = Create(folder, "z").value();
    ASSERT_TRUE(file.Write("half").ok());
  }
  EXPECT_TRUE(fs::is_empty(root_ / "out"));
}

TEST_F(FoldersTest, AKeptPartIsContinued) {
  auto folder = OutputFolder::Open(root_ / "out").value();
  {
    auto file = Create(folder, "z").value();
    ASSERT_TRUE(file.Write("half").ok());
    file.Keep();
  }
  auto file = Create(folder, "z", /*resume=*/true).value();
  EXPECT_EQ(file.size(), 4u);
  EXPECT_EQ(file.Crc32c().value(), Crc32c("half"));
  ASSERT_TRUE(file.Write("way").ok());
  ASSERT_TRUE(file.Commit(0600).ok());
  EXPECT_EQ(Content(root_ / "out/z"), "halfway");
}

TEST_F(FoldersTest, SymbolicLinksDoNotLeadOutside) {
  auto folder = OutputFolder::Open(root_ / "out").value();
  fs::create_directory(root_ / "outside");
  fs::create_directory_symlink(root_ / "outside", root_ / "out/link");
  const auto file = Create(folder, "link/x");
  EXPECT_TRUE(IsNameRefused(file.status())) << file.status();
  EXPECT_TRUE(fs::is_empty(root_ / "outside"));
}

TEST_F(FoldersTest, NamesThatMeetFoldersOrFilesAreRefusedOneByOne) {
  auto folder = OutputFolder::Open(root_ / "out").value();
  fs::create_directory(root_ / "out/folder");
  Put("out/file", "old");
  EXPECT_TRUE(IsNameRefused(Create(folder, "file/below").status()));
  auto over_folder = Create(folder, "folder").value();
  EXPECT_TRUE(IsNameRefused(over_folder.Commit(0600)));
  EXPECT_TRUE(IsNameRefused(Create(folder, std::string(300, 'x') + "/y").status()));
  EXPECT_EQ(Content(root_ / "out/file"), "old");
}

TEST(MessageId, IsStableForAFileAndFreshForARun) {
  const SourceFile file{"a/b", 10, 0644, 123};
  SourceFile changed = file;
  changed.modified_nanos = 124;
  EXPECT_EQ(FileMessageId("p", file), FileMessageId("p", file));
  EXPECT_NE(FileMessageId("p", file), FileMessageId("p", changed));
  EXPECT_NE(FileMessageId("p", file), FileMessageId("q", file));
  EXPECT_NE(RandomRunId(), RandomRunId());
  EXPECT_EQ(RandomRunId().size(), 16u);
}

}  // namespace
}  // namespace mts::cli
