#include "log/segment_scanner.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/recovery_test_support.h"

namespace mts::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SegmentScannerTest : public ::testing::Test {
 protected:
  // Reads the whole segment; fills sequences_ and damage_ (offset and bytes).
  void Scan(uint64_t chunk_bytes = SegmentScanner::kChunkBytes) {
    sequences_.clear();
    damage_.clear();
    groups_ = 0;
    const auto file = *files_.Open(log_.path(), io::OpenMode::kRead);
    SegmentScanner scanner(*file, log_.identity(), kSegmentHeaderBytes, *file->Size(), chunk_bytes);
    for (;;) {
      const auto group = scanner.Next();
      ASSERT_TRUE(group.ok());
      if (!group->has_value()) break;
      if ((*group)->has_header) ++groups_;
      ASSERT_TRUE(
          scanner
              .ForEachRecord(
                  **group,
                  [&](uint64_t offset, uint64_t bytes, std::string_view) { damage_.emplace_back(offset, bytes); },
                  [&](const ScannedRecord& record) {
                    sequences_.push_back(record.header.sequence.value());
                    return absl::OkStatus();
                  })
              .ok());
    }
    end_ = scanner.position();
  }

  io::FaultFileSystem files_;
  LogWriter log_{files_};
  std::vector<uint64_t> sequences_;
  std::vector<std::pair<uint64_t, uint64_t>> damage_;
  uint64_t groups_ = 0;
  uint64_t end_ = 0;
};

TEST_F(SegmentScannerTest, GivesEveryRecordInOrder) {
  log_.Open(1);
  log_.Message("a", "one").Message("b", "").Commit();
  log_.Message("a", std::string(5000, 'x')).Commit();
  for (const uint64_t chunk : {100u, 4096u, 1u << 20}) {
    Scan(chunk);
    EXPECT_THAT(sequences_, ElementsAre(1, 2, 3));
    EXPECT_THAT(damage_, IsEmpty());
    EXPECT_EQ(end_, log_.end());
  }
}

TEST_F(SegmentScannerTest, AnEmptySegmentHasNoGroup) {
  log_.Open(1);
  Scan();
  EXPECT_EQ(groups_, 0u);
  EXPECT_EQ(end_, kSegmentHeaderBytes);
}

TEST_F(SegmentScannerTest, ADamagedBodyCostsOneRecord) {
  log_.Open(1);
  log_.Message("a", "one").Message("a", "two").Message("a", "three").Commit();
  const uint64_t at = log_.record_offsets()[1];
  log_.Flip(at + kRecordHeaderBytes + 17);
  Scan();
  EXPECT_THAT(sequences_, ElementsAre(1, 3));
  EXPECT_THAT(damage_, ElementsAre(std::pair(at, log_.record_offsets()[2] - at)));
}

TEST_F(SegmentScannerTest, ADamagedRecordHeaderCostsOneRecord) {
  log_.Open(1);
  log_.Message("a", "one").Message("a", "two").Message("a", "three").Commit();
  const uint64_t at = log_.record_offsets()[1];
  log_.Flip(at + 5);
  Scan();
  EXPECT_THAT(sequences_, ElementsAre(1, 3));
  EXPECT_THAT(damage_, ElementsAre(std::pair(at, log_.record_offsets()[2] - at)));
}

TEST_F(SegmentScannerTest, ADamagedLastRecordOfAGroupEndsWithIt) {
  log_.Open(1);
  log_.Message("a", "one").Message("a", "two").Commit();
  const uint64_t at = log_.record_offsets()[1];
  const uint64_t end = log_.end();
  log_.Publish("a", "three");
  log_.Flip(at + 5);
  Scan();
  EXPECT_THAT(sequences_, ElementsAre(1, 3));
  EXPECT_THAT(damage_, ElementsAre(std::pair(at, end - at)));
}

TEST_F(SegmentScannerTest, ADamagedGroupHeaderCostsNoRecord) {
  log_.Open(1);
  log_.Publish("a", "one");
  const uint64_t at = log_.Message("a", "two").Message("a", "three").Commit();
  log_.Publish("a", "four");
  log_.Flip(at + 30);
  for (const uint64_t chunk : {100u, 1u << 20}) {
    Scan(chunk);
    EXPECT_THAT(sequences_, ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(damage_, ElementsAre(std::pair(at, kGroupHeaderBytes)));
    EXPECT_EQ(groups_, 2u);
  }
}

TEST_F(SegmentScannerTest, RecordsOfAnEarlierLifeAreNotRead) {
  log_.Open(1);
  for (int i = 0; i < 20; ++i) log_.Publish("old", "payload");
  LogWriter next(files_);
  next.SkipSequences(100);
  // The same file, written from the beginning under another identity.
  next.Open(2);
  const uint64_t first = next.Publish("new", "a");
  const std::string bytes = *io::ReadWholeFile(files_, next.path(), 1 << 20);
  const uint64_t old_identity = log_.identity();
  log_.Write(first, std::string_view(bytes).substr(first, next.end() - first));
  ASSERT_NE(old_identity, next.identity());
  const auto file = *files_.Open(log_.path(), io::OpenMode::kRead);
  SegmentScanner scanner(*file, next.identity(), kSegmentHeaderBytes, *file->Size());
  EXPECT_TRUE((*scanner.Next()).has_value());
  EXPECT_FALSE((*scanner.Next()).has_value());
}

TEST_F(SegmentScannerTest, AFileThatEndsWithinAGroupGivesWhatIsThere) {
  log_.Open(1);
  log_.Message("a", std::string(100, '1')).Message("a", std::string(1000, '2')).Commit();
  const uint64_t size = log_.record_offsets()[1] + 64;
  log_.Truncate(size);
  Scan();
  EXPECT_THAT(sequences_, ElementsAre(1));
  EXPECT_THAT(damage_, ElementsAre(std::pair(log_.record_offsets()[1], 64), std::pair(size, log_.end() - size)));
}

TEST_F(SegmentScannerTest, OnlyWholeGroupsAreWhole) {
  log_.Open(1);
  const uint64_t at = log_.Message("a", "one").Message("a", "two").Commit();
  const auto is_whole = [&] {
    const auto file = *files_.Open(log_.path(), io::OpenMode::kRead);
    SegmentScanner scanner(*file, log_.identity(), at, *file->Size());
    return *scanner.IsWhole(**scanner.Next());
  };
  EXPECT_TRUE(is_whole());
  log_.Flip(log_.end() - 20);
  EXPECT_FALSE(is_whole());
}

TEST_F(SegmentScannerTest, AnIdentityIsLearnedFromAGroupOfTheRightNumber) {
  log_.Open(1);
  log_.SkipGroups(10);
  log_.Publish("a", "one");
  const auto file = *files_.Open(log_.path(), io::OpenMode::kRead);
  const auto find = [&](uint64_t above, uint64_t below) {
    return *FindAnyGroup(*file, *file->Size(), GroupNumber(above), GroupNumber(below));
  };
  ASSERT_TRUE(find(10, 12).has_value());
  EXPECT_EQ(find(10, 12)->identity, log_.identity());
  EXPECT_FALSE(find(11, 20).has_value());
  EXPECT_FALSE(find(5, 11).has_value());
}

}  // namespace
}  // namespace mts::log
