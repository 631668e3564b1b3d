// What every file system does, the real one and the simulated one.
#include "io/file_system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "io/fault_file_system.h"

namespace mts::io {
namespace {

class FileSystemTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      char name[] = "/tmp/mts_io_XXXXXX";
      ASSERT_NE(::mkdtemp(name), nullptr);
      directory_ = name;
    } else {
      directory_ = "disk";
      ASSERT_TRUE(fault_.CreateDirectories(directory_).ok());
    }
  }
  void TearDown() override {
    if (GetParam()) std::filesystem::remove_all(directory_);
  }
  FileSystem& files() { return GetParam() ? PosixFileSystem() : static_cast<FileSystem&>(fault_); }
  std::string Path(const std::string& name) { return JoinPath(directory_, name); }
  std::unique_ptr<File> Create(const std::string& name) {
    auto file = files().Open(Path(name), OpenMode::kCreate);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }
  std::string Content(const std::string& name) {
    auto bytes = ReadWholeFile(files(), Path(name), 1 << 20);
    return bytes.ok() ? *bytes : bytes.status().ToString();
  }

  FaultFileSystem fault_;
  std::string directory_;
};

TEST_P(FileSystemTest, WritesInManyPartsAndReadsBack) {
  auto file = Create("a");
  std::vector<std::string> texts;
  std::vector<iovec> parts;
  std::string all;
  for (int i = 0; i < 3000; ++i) texts.push_back(std::string(i % 7, static_cast<char>('a' + i % 26)));
  for (std::string& text : texts) {
    parts.push_back({text.data(), text.size()});
    all += text;
  }
  ASSERT_TRUE(file->WriteAt(5, parts).ok());
  ASSERT_TRUE(file->SyncData().ok());
  EXPECT_EQ(*file->Size(), 5 + all.size());
  EXPECT_EQ(Content("a"), std::string(5, '\0') + all);
}

TEST_P(FileSystemTest, ReadsFewerBytesOnlyAtTheEnd) {
  auto file = Create("a");
  ASSERT_TRUE(file->Write(0, "0123456789").ok());
  std::string to(8, '?');
  EXPECT_EQ(*file->ReadAt(6, absl::MakeSpan(to)), 4u);
  EXPECT_EQ(to.substr(0, 4), "6789");
  EXPECT_EQ(*file->ReadAt(100, absl::MakeSpan(to)), 0u);
  EXPECT_TRUE(file->ReadExactly(2, absl::MakeSpan(to)).ok());
  EXPECT_TRUE(absl::IsDataLoss(file->ReadExactly(3, absl::MakeSpan(to))));
}

TEST_P(FileSystemTest, OpenModes) {
  EXPECT_TRUE(absl::IsNotFound(files().Open(Path("a"), OpenMode::kRead).status()));
  EXPECT_TRUE(absl::IsNotFound(files().Open(Path("a"), OpenMode::kReadWrite).status()));
  EXPECT_TRUE(absl::IsNotFound(files().Open(Path("none/a"), OpenMode::kCreate).status()));
  ASSERT_TRUE(Create("a")->Write(0, "text").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(files().Open(Path("a"), OpenMode::kCreate).status()));
  auto readable = files().Open(Path("a"), OpenMode::kRead);
  ASSERT_TRUE(readable.ok());
  EXPECT_FALSE((*readable)->Write(0, "x").ok());
  ASSERT_TRUE(files().Open(Path("a"), OpenMode::kCreateOrTruncate).ok());
  EXPECT_EQ(Content("a"), "");
}

TEST_P(FileSystemTest, AllocateExtendsWithZerosAndKeepsWhatIsThere) {
  auto file = Create("a");
  ASSERT_TRUE(file->Write(0, "text").ok());
  ASSERT_TRUE(file->Allocate(10'000).ok());
  ASSERT_TRUE(file->Allocate(0).ok());
  EXPECT_EQ(Content("a"), "text" + std::string(9'996, '\0'));
  ASSERT_TRUE(file->Truncate(2).ok());
  ASSERT_TRUE(file->Truncate(6).ok());
  EXPECT_EQ(Content("a"), "te" + std::string(4, '\0'));
}

TEST_P(FileSystemTest, ListIsSortedAndNamesMove) {
  for (const char* name : {"c", "a", "b"}) Create(name);
  EXPECT_EQ(*files().List(directory_), (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_TRUE(files().CreateDirectories(Path("x/y")).ok());
  ASSERT_TRUE(files().CreateDirectories(Path("x/y")).ok());
  ASSERT_TRUE(files().Rename(Path("a"), Path("x/y/a")).ok());
  ASSERT_TRUE(files().Rename(Path("b"), Path("c")).ok());
  EXPECT_EQ(*files().List(directory_), (std::vector<std::string>{"c", "x"}));
  EXPECT_TRUE(*files().Exists(Path("x/y/a")));
  EXPECT_FALSE(*files().Exists(Path("a")));
  EXPECT_FALSE(*files().Exists(Path("none/a")));
  ASSERT_TRUE(files().SyncDirectory(Path("x/y")).ok());
  EXPECT_TRUE(absl::IsNotFound(files().SyncDirectory(Path("none"))));
  EXPECT_TRUE(absl::IsNotFound(files().List(Path("none")).status()));
  EXPECT_TRUE(absl::IsNotFound(files().Rename(Path("none"), Path("d"))));
  EXPECT_FALSE(files().CreateDirectories(Path("c")).ok());
  ASSERT_TRUE(files().CreateDirectory(Path("x/z")).ok());
  ASSERT_TRUE(files().CreateDirectory(Path("x/z")).ok());
  EXPECT_FALSE(files().CreateDirectory(Path("c")).ok());
  EXPECT_TRUE(absl::IsNotFound(files().CreateDirectory(Path("none/z"))));
}

TEST_P(FileSystemTest, LinksAndOpenFilesOutliveTheirName) {
  auto file = Create("a");
  ASSERT_TRUE(file->Write(0, "text").ok());
  EXPECT_EQ(*file->LinkCount(), 1u);
  ASSERT_TRUE(files().Link(Path("a"), Path("b")).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(files().Link(Path("a"), Path("b"))));
  EXPECT_EQ(*file->LinkCount(), 2u);
  ASSERT_TRUE(files().Remove(Path("a")).ok());
  EXPECT_TRUE(absl::IsNotFound(files().Remove(Path("a"))));
  EXPECT_EQ(Content("b"), "text");
  ASSERT_TRUE(files().Remove(Path("b")).ok());
  EXPECT_EQ(*file->LinkCount(), 0u);
  std::string to(4, '?');
  ASSERT_TRUE(file->ReadExactly(0, absl::MakeSpan(to)).ok());
  EXPECT_EQ(to, "text");
}

TEST_P(FileSystemTest, RenameBetweenTwoNamesOfOneFileChangesNothing) {
  Create("a");
  ASSERT_TRUE(files().Link(Path("a"), Path("b")).ok());
  ASSERT_TRUE(files().Rename(Path("a"), Path("b")).ok());
  EXPECT_EQ(*files().List(directory_), (std::vector<std::string>{"a", "b"}));
}

TEST_P(FileSystemTest, SecondLockIsRefusedUntilTheFirstEnds) {
  auto first = files().Lock(Path("LOCK"));
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = files().Lock(Path("LOCK"));
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  first->reset();
  EXPECT_TRUE(files().Lock(Path("LOCK")).ok());
}

TEST_P(FileSystemTest, ALockForReadingKeepsOthersOut) {
  { ASSERT_TRUE(files().Lock(Path("LOCK")).ok()); }
  auto reading = files().LockForReading(Path("LOCK"));
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_TRUE(absl::IsFailedPrecondition(files().Lock(Path("LOCK")).status()));
  reading->reset();
  auto held = files().Lock(Path("LOCK"));
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(files().LockForReading(Path("LOCK")).status()));
}

TEST_P(FileSystemTest, DirectoriesAreExchangedAndRemovedWhenEmpty) {
  for (const std::string name : {"one", "two"}) {
    ASSERT_TRUE(files().CreateDirectory(Path(name)).ok());
    Create(name + "/" + name);
  }
  ASSERT_TRUE(files().Exchange(Path("one"), Path("two")).ok());
  EXPECT_EQ(*files().List(Path("one")), std::vector<std::string>{"two"});
  EXPECT_EQ(*files().List(Path("two")), std::vector<std::string>{"one"});
  EXPECT_TRUE(absl::IsNotFound(files().Exchange(Path("one"), Path("three"))));
  EXPECT_FALSE(files().RemoveDirectory(Path("one")).ok());
  ASSERT_TRUE(files().Remove(Path("one/two")).ok());
  EXPECT_TRUE(files().RemoveDirectory(Path("one")).ok());
  EXPECT_FALSE(*files().Exists(Path("one")));
  EXPECT_TRUE(absl::IsNotFound(files().RemoveDirectory(Path("one"))));
}

TEST_P(FileSystemTest, WholeFilesAreReplacedAtomicallyAndReadWithinTheLimit) {
  ASSERT_TRUE(WriteFileAtomically(files(), Path("a"), "one").ok());
  ASSERT_TRUE(WriteFileAtomically(files(), Path("a"), "three").ok());
  EXPECT_EQ(*ReadWholeFile(files(), Path("a"), 5), "three");
  EXPECT_TRUE(absl::IsResourceExhausted(ReadWholeFile(files(), Path("a"), 4).status()));
  EXPECT_EQ(*files().List(directory_), std::vector<std::string>{"a"});
  EXPECT_GT(*files().FreeBytes(directory_), 0u);
}

INSTANTIATE_TEST_SUITE_P(All, FileSystemTest, testing::Values(true, false),
                         [](const auto& parameter) { return parameter.param ? "Posix" : "Simulated"; });

TEST(PosixLockTest, TheRefusalNamesTheHolderAndWhatToDo) {
  char name[] = "/tmp/mts_io_XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string path = JoinPath(name, "LOCK");
  {
    auto held = PosixFileSystem().Lock(path);
    ASSERT_TRUE(held.ok());
    const std::string text(PosixFileSystem().Lock(path).status().message());
    EXPECT_NE(text.find("pid " + std::to_string(::getpid()) + " on "), std::string::npos) << text;
    EXPECT_NE(text.find(" since 2"), std::string::npos) << text;
    EXPECT_NE(text.find("Stop that server"), std::string::npos) << text;
  }
  std::filesystem::remove_all(name);
}

TEST(PathTest, JoinsAndTakesApart) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(ParentPath("a/b"), "a");
  EXPECT_EQ(ParentPath("a/b/"), "a");
  EXPECT_EQ(ParentPath("/a"), "/");
  EXPECT_EQ(ParentPath("a"), ".");
  EXPECT_EQ(ParentPath("/"), "/");
}

}  // namespace
}  // namespace mts::io
