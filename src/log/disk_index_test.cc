#include "log/disk_index.h"

#include <random>

#include "base/crc32c.h"
#include "base/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/fault_file_system.h"
#include "log/index_file.h"
#include "log/memory_index.h"
#include "log/segment_index_writer.h"
#include "log/verify_index.h"

namespace mts::log {
namespace {

constexpr char kPath[] = "/x.index";

class DiskIndexTest : public ::testing::Test {
 protected:
  // Random messages; with `gaps`, sequences leave some out.
  void Fill(uint64_t count, uint64_t subjects, bool gaps) {
    uint64_t sequence = 1000;
    for (uint64_t i = 0; i < count; ++i) {
      sequence += gaps && random_() % 5 == 0 ? 1 + random_() % 9 : 1;
      const SubjectId id = *catalogue_.FindOrCreate(Concat("s", random_() % 3, ".", random_() % subjects));
      const VisibleMessage message{id, static_cast<uint32_t>(512 + 10 * i), Sequence(sequence), random_() % 100,
                                   random_() % 10 == 0};
      catalogue_.MakeVisible({&message, 1}, Timestamp(1));
      memory_.Add({&message, 1}, Timestamp(static_cast<int64_t>(i)));
    }
    last_ = sequence;
    memory_.Close((512 + 10 * count) * 8);
  }
  std::shared_ptr<DiskIndex> Write() {
    const absl::Status written = WriteSegmentIndex(files_, kPath, memory_);
    EXPECT_TRUE(written.ok()) << written;
    return *DiskIndex::Open(open_files_, cache_, kPath);
  }
  static std::vector<std::pair<uint64_t, uint32_t>> Found(const SegmentIndex& index, const Pattern& pattern,
                                                          uint64_t after, uint64_t through, size_t limit) {
    std::vector<Hit> hits;
    const absl::Status status = index.Find({pattern, Sequence(after), Sequence(through), limit}, hits);
    EXPECT_TRUE(status.ok()) << status;
    std::vector<std::pair<uint64_t, uint32_t>> found;
    for (const Hit& hit : hits) found.emplace_back(hit.sequence.value(), hit.offset8);
    return found;
  }
  // The index on disk answers as the one in memory, which has a test of its own.
  void ExpectSame(const DiskIndex& disk, int questions) {
    for (int i = 0; i < questions; ++i) {
      const uint64_t after = 990 + random_() % (last_ - 980);
      const uint64_t through = random_() % 2 == 0 ? UINT64_MAX : after + random_() % 200;
      const size_t limit = 1 + random_() % 700;
      for (const std::string& text : {Concat("s1.", random_() % 70), Concat("s", random_() % 4, ".*"), std::string("*"),
                                      Concat("s2.", random_() % 70, ".*")}) {
        const Pattern pattern = *Pattern::Parse(text);
        ASSERT_EQ(Found(disk, pattern, after, through, limit), Found(memory_, pattern, after, through, limit)) << text;
        ASSERT_EQ(*disk.CountAfter(pattern, Sequence(after)), *memory_.CountAfter(pattern, Sequence(after))) << text;
      }
      ASSERT_EQ(disk.FindOne(Sequence(after)).ok(), memory_.FindOne(Sequence(after)).ok()) << after;
    }
  }

  const uint64_t seed_ = std::random_device{}();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, Concat("seed ", seed_)};
  std::mt19937_64 random_{seed_};
  io::FaultFileSystem files_;
  OpenFiles open_files_{files_, 10};
  BlockCache cache_{1 << 20};
  Catalogue catalogue_{1'000'000};
  MemoryIndex memory_{SegmentNumber(3), 77, catalogue_};
  uint64_t last_ = 0;
};

TEST_F(DiskIndexTest, AnswersAsTheOneInMemory) {
  Fill(20'000, 60, false);
  const auto disk = Write();
  EXPECT_EQ(disk->header().sequences_at, 0u);
  ExpectSame(*disk, 60);
  EXPECT_TRUE(VerifyIndex(files_, kPath).ok()) << VerifyIndex(files_, kPath);
}

TEST_F(DiskIndexTest, AnswersAsTheOneInMemoryWithGaps) {
  Fill(20'000, 60, true);
  const auto disk = Write();
  EXPECT_NE(disk->header().sequences_at, 0u);
  ExpectSame(*disk, 60);
  EXPECT_TRUE(VerifyIndex(files_, kPath).ok()) << VerifyIndex(files_, kPath);
}

TEST_F(DiskIndexTest, ManyNamesSpillAndAreAllFound) {
  Fill(60'000, 50'000, false);
  const auto disk = Write();
  ASSERT_GT(disk->header().table.entries_at, disk->header().table.names_at);
  ExpectSame(*disk, 20);
  EXPECT_TRUE(VerifyIndex(files_, kPath).ok()) << VerifyIndex(files_, kPath);
  EXPECT_THAT(*files_.List("/"), ::testing::ElementsAre("x.index"));
}

TEST_F(DiskIndexTest, EmptySegment) {
  memory_.Close(4096);
  const auto disk = Write();
  EXPECT_TRUE(Found(*disk, Pattern::All(), 0, UINT64_MAX, 10).empty());
  EXPECT_TRUE(Found(*disk, Pattern::Exact("a"), 0, UINT64_MAX, 10).empty());
  EXPECT_TRUE(absl::IsNotFound(disk->FindOne(Sequence(1)).status()));
  EXPECT_TRUE(VerifyIndex(files_, kPath).ok());
}

TEST_F(DiskIndexTest, KeepsWhatDescribesTheSegment) {
  Fill(500, 5, true);
  const SegmentSummary expected = memory_.Summary();
  const SegmentSummary summary = Write()->Summary();
  EXPECT_EQ(summary.number, SegmentNumber(3));
  EXPECT_EQ(summary.identity, 77u);
  EXPECT_EQ(summary.first, expected.first);
  EXPECT_EQ(summary.last, expected.last);
  EXPECT_EQ(summary.messages, 500u);
  EXPECT_EQ(summary.payload_bytes, expected.payload_bytes);
  EXPECT_EQ(summary.end, expected.end);
  EXPECT_EQ(summary.first_time, Timestamp(0));
  EXPECT_EQ(summary.last_time, Timestamp(499));
}

TEST_F(DiskIndexTest, EveryFlippedByteIsNoticed) {
  Fill(1500, 20, true);
  ASSERT_TRUE(WriteSegmentIndex(files_, kPath, memory_).ok());
  const std::string good = *io::ReadWholeFile(files_, kPath, 1 << 20);
  for (int i = 0; i < 300; ++i) {
    const uint64_t offset = random_() % good.size();
    std::string bad = good;
    bad[offset] = static_cast<char>(bad[offset] ^ 1 << random_() % 8);
    ASSERT_TRUE((*files_.Open(kPath, io::OpenMode::kReadWrite))->Write(0, bad).ok());
    ASSERT_TRUE(absl::IsDataLoss(VerifyIndex(files_, kPath))) << offset;
  }
}

TEST_F(DiskIndexTest, TruncatedFilesAreRefused) {
  Fill(1500, 20, false);
  ASSERT_TRUE(WriteSegmentIndex(files_, kPath, memory_).ok());
  const uint64_t size = *(*files_.Open(kPath, io::OpenMode::kRead))->Size();
  for (const uint64_t shorter : {size - 1, size - 4096, uint64_t{4096}, uint64_t{100}, uint64_t{0}}) {
    ASSERT_TRUE((*files_.Open(kPath, io::OpenMode::kReadWrite))->Truncate(shorter).ok());
    EXPECT_TRUE(absl::IsDataLoss(DiskIndex::Open(open_files_, cache_, kPath).status())) << shorter;
  }
  ASSERT_TRUE(files_.Remove(kPath).ok());
  EXPECT_TRUE(absl::IsNotFound(DiskIndex::Open(open_files_, cache_, kPath).status()));
}

TEST_F(DiskIndexTest, VersionFromTheFutureIsRefused) {
  Fill(10, 2, false);
  ASSERT_TRUE(WriteSegmentIndex(files_, kPath, memory_).ok());
  std::string page = io::ReadWholeFile(files_, kPath, 1 << 20)->substr(0, kPageBytes);
  page[8] = 2;
  const std::string content = std::string(8, '\0') + page.substr(0, kPageContentBytes);  // page number 0 goes in first
  const uint32_t crc = Crc32c(content);
  page.replace(kPageContentBytes, 4, reinterpret_cast<const char*>(&crc), 4);
  ASSERT_TRUE((*files_.Open(kPath, io::OpenMode::kReadWrite))->Write(0, page).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(DiskIndex::Open(open_files_, cache_, kPath).status()));
}

TEST_F(DiskIndexTest, WriteErrorsLeaveNoFile) {
  Fill(5000, 3000, false);
  for (const io::FaultOperation operation : {io::FaultOperation::kCreate, io::FaultOperation::kWrite,
                                             io::FaultOperation::kSyncData, io::FaultOperation::kRename}) {
    files_.FailAll(operation, EIO);
    EXPECT_FALSE(WriteSegmentIndex(files_, kPath, memory_).ok());
    files_.FailAll(operation, 0);
    EXPECT_THAT(*files_.List("/"), ::testing::IsEmpty()) << io::FaultOperationName(operation);
  }
}

}  // namespace
}  // namespace mts::log
