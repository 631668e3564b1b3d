#include "log/lazy_file.h"

#include <deque>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/fault_file_system.h"

namespace mts::log {
namespace {

class LazyFileTest : public ::testing::Test {
 protected:
  LazyFileTest() {
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(io::WriteFileAtomically(files_, PathOf(i), std::string(1, static_cast<char>('0' + i))).ok());
    }
  }
  static std::string PathOf(int i) { return "/file" + std::to_string(i); }
  LazyFile& Add(int i) { return lazy_.emplace_back(open_files_, PathOf(i), io::OpenMode::kReadWrite); }
  static std::string Read(const std::shared_ptr<io::File>& file) {
    char byte = '?';
    EXPECT_TRUE(file->ReadExactly(0, absl::MakeSpan(&byte, 1)).ok());
    return std::string(1, byte);
  }

  io::FaultFileSystem files_;
  OpenFiles open_files_{files_, 3};
  std::deque<LazyFile> lazy_;
};

TEST_F(LazyFileTest, KeepsFewFilesOpenAndReadsAll) {
  for (int i = 0; i < 10; ++i) Add(i);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) {
      const auto file = lazy_[static_cast<size_t>(i)].Get();
      ASSERT_TRUE(file.ok());
      EXPECT_EQ(Read(*file), std::to_string(i));
      EXPECT_LE(open_files_.count(), 3u);
    }
  }
}

TEST_F(LazyFileTest, OpensNothingTwiceWhileSomebodyReads) {
  const std::shared_ptr<io::File> held = *Add(0).Get();
  for (int i = 1; i < 10; ++i) ASSERT_TRUE(Add(i).Get().ok());  // closes it here
  EXPECT_EQ(*lazy_[0].Get(), held);
}

TEST_F(LazyFileTest, RetireAnswersTheFileWhenNobodyHoldsIt) {
  Add(0);
  const std::shared_ptr<io::File> closed = lazy_[0].Retire();  // was never open
  ASSERT_NE(closed, nullptr);
  EXPECT_EQ(Read(closed), "0");
  EXPECT_TRUE(lazy_[0].retired());
  EXPECT_TRUE(absl::IsNotFound(lazy_[0].Get().status()));

  ASSERT_TRUE(Add(1).Get().ok());
  EXPECT_NE(lazy_[1].Retire(), nullptr);

  const std::shared_ptr<io::File> held = *Add(2).Get();
  EXPECT_EQ(lazy_[2].Retire(), nullptr);
  EXPECT_EQ(Read(held), "2");
}

TEST_F(LazyFileTest, RetireKnowsReadersOfAClosedFile) {
  const std::shared_ptr<io::File> held = *Add(0).Get();
  for (int i = 1; i < 10; ++i) ASSERT_TRUE(Add(i).Get().ok());
  EXPECT_EQ(lazy_[0].Retire(), nullptr);
}

TEST_F(LazyFileTest, MissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Add(77).Get().status()));
  EXPECT_EQ(lazy_[0].Retire(), nullptr);
}

}  // namespace
}  // namespace mts::log
