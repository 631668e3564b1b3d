#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/recovery.h"
#include "log/recovery_fixture.h"

namespace mts::log {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using RecoveryRefusalTest = RecoveryFixture;

// ---- Refusals: nothing is changed

TEST_F(RecoveryRefusalTest, ASegmentOfALaterVersionIsRefused) {
  log_.Open(1);
  log_.Publish("s", "one");
  std::string header = *io::ReadWholeFile(files_, log_.path(), 1 << 20);
  header.resize(64);
  header[12] = 2;
  StoreInteger<uint32_t>(header.data() + 8, Crc32c(std::string_view(header).substr(12)));
  log_.Write(0, header);
  log_.Write(log_.end() - 9, "torn");
  (*files_.Open(LogPath("x.tmp"), io::OpenMode::kCreate)).reset();
  const auto before = Contents();
  const absl::Status status = TryRecover();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(log_.path()));
  EXPECT_EQ(Contents(), before);
}

TEST_F(RecoveryRefusalTest, ARecordTypeFromTheFutureIsRefusedUnlessItMayBeSkipped) {
  log_.Open(1);
  log_.Publish("s", "one");
  log_.Record(static_cast<RecordType>(50), "whatever", kRecordSkippable).Commit();
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_THAT(result_.damage, IsEmpty());

  LogWriter next(files_);
  next.SkipGroups(10);
  next.SkipSequences(1);
  next.Open(2);
  next.Record(static_cast<RecordType>(50), "whatever").Commit();
  const auto before = Contents();
  const absl::Status status = TryRecover();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("type 50"));
  EXPECT_EQ(Contents(), before);
}

TEST_F(RecoveryRefusalTest, AForeignFileInPlaceOfTheLastSegmentIsRefused) {
  log_.Open(1);
  log_.Publish("s", "one");
  const std::string path = LogPath(SegmentFileName(SegmentNumber(2)));
  ASSERT_TRUE((*files_.Open(path, io::OpenMode::kCreate))->Write(0, "#!/bin/sh\necho my script\n").ok());
  const auto before = Contents();
  const absl::Status status = TryRecover();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_EQ(Contents(), before);
}

TEST_F(RecoveryRefusalTest, MoreSubjectsThanAllowedIsAnErrorThatSaysSo) {
  log_.Open(1);
  log_.Message("a", "").Message("b", "").Message("c", "").Commit();
  max_subjects_ = 2;
  const absl::Status status = TryRecover();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_subjects"));
}

// ---- Leftovers

TEST_F(RecoveryRefusalTest, HalfWrittenFilesAndOrphanedIndexesAreRemoved) {
  log_.Open(1);
  log_.Publish("s", "one");
  for (const std::string& name :
       {SegmentFileName(SegmentNumber(1)) + ".tmp", CheckpointFileName(3) + ".tmp", IndexFileName(SegmentNumber(9))}) {
    ASSERT_TRUE((*files_.Open(LogPath(name), io::OpenMode::kCreate))->Write(0, "half").ok());
  }
  MustRecover();
  EXPECT_THAT(Names(), ElementsAre(IndexFileName(SegmentNumber(1)), SegmentFileName(SegmentNumber(1))));
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
}

TEST_F(RecoveryRefusalTest, AnEmptyOrHalfWrittenHeaderOfAFreshSegmentIsNothing) {
  log_.Open(1);
  log_.Publish("s", "one");
  log_.Seal();
  const std::string path = LogPath(SegmentFileName(SegmentNumber(2)));
  for (const std::string& content : {std::string(), std::string("MTSSE"), std::string(9000, '\0')}) {
    auto file = *files_.Open(path, io::OpenMode::kCreateOrTruncate);
    ASSERT_TRUE(file->Write(0, content).ok());
    MustRecover();
    EXPECT_THAT(segments_->sequences(), ElementsAre(1));
    EXPECT_EQ(result_.next_segment, SegmentNumber(2));
    EXPECT_FALSE(*files_.Exists(path));
    EXPECT_THAT(result_.damage, IsEmpty());
  }
}

TEST_F(RecoveryRefusalTest, PreparedFilesMakeRoomForTheCopyOnAFullDisk) {
  log_.Open(1);
  for (int i = 0; i < 20; ++i) log_.Publish("s", std::string(500, 'x'));
  auto prepared = *files_.Open(LogPath("pool-1.prepared"), io::OpenMode::kCreate);
  ASSERT_TRUE(prepared->Allocate(64 * 1024).ok());
  prepared.reset();
  files_.SetCapacity(files_.used_bytes() + 100);
  MustRecover();
  EXPECT_EQ(segments_->sequences().size(), 20u);
  EXPECT_THAT(Names(), Not(Contains("pool-1.prepared")));
}

TEST_F(RecoveryRefusalTest, ADiskErrorIsAnErrorAndTheNextStartSucceeds) {
  log_.Open(1);
  log_.Publish("s", "one");
  for (const io::FaultOperation operation :
       {io::FaultOperation::kRead, io::FaultOperation::kWrite, io::FaultOperation::kSyncData,
        io::FaultOperation::kRename, io::FaultOperation::kSyncDirectory}) {
    files_.FailNth(operation, 1, EIO);
    EXPECT_FALSE(TryRecover().ok()) << io::FaultOperationName(operation);
  }
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
}

// Whatever bytes change behind the log's back, recovery gives an answer, and no message that was never published.
TEST_F(RecoveryRefusalTest, AnyDamageLeavesTheRestReadable) {
  for (uint64_t number = 1; number <= 3; ++number) {
    log_.Open(number);
    for (int i = 0; i < 5; ++i) log_.Message("s", "payload-1").Message("t", "payload-2").Commit();
    if (number < 3) log_.Seal();
  }
  const auto seed = static_cast<uint32_t>(std::random_device()());
  SCOPED_TRACE(Concat("seed ", seed));
  std::mt19937 random(seed);
  const auto before = Contents();
  for (int round = 0; round < 300; ++round) {
    indexes_.clear();
    for (const std::string& name : Names()) ASSERT_TRUE(files_.Remove(LogPath(name)).ok());
    for (auto [name, bytes] : before) {
      for (uint32_t flips = random() % 3; flips > 0; --flips)
        bytes[random() % 8192] ^= static_cast<char>(1 << random() % 8);
      ASSERT_TRUE((*files_.Open(LogPath(name), io::OpenMode::kCreate))->Write(0, bytes).ok());
    }
    const absl::Status status = TryRecover();
    if (absl::IsFailedPrecondition(status)) continue;
    ASSERT_TRUE(status.ok()) << "round " << round << ": " << status;
    const std::vector<uint64_t> sequences = segments_->sequences();
    EXPECT_TRUE(std::is_sorted(sequences.begin(), sequences.end())) << "round " << round;
    EXPECT_TRUE(segments_->AllReadable()) << "round " << round;
    EXPECT_LE(state_->last_sequence, log_.last_sequence()) << "round " << round;
    // Each of the six flips at most costs a record, or the last group; one in a header that leads on costs no more.
    EXPECT_GE(sequences.size(), 30u - 6u - 2u) << "round " << round;
  }
}

// A power cut at any moment of a recovery: the next one still has every message.
TEST_F(RecoveryRefusalTest, APowerCutDuringRecoveryLosesNothing) {
  for (uint64_t cut = 1; cut < 40; ++cut) {
    io::FaultFileSystem files(cut);
    LogWriter log(files);
    log.Open(1);
    for (int i = 0; i < 5; ++i) log.Publish("s", "payload");
    log.Seal();
    log.Open(2);
    for (int i = 0; i < 5; ++i) log.Publish("s", "payload");
    for (const uint64_t number : {1u, 2u}) {
      ASSERT_TRUE(
          (*files.Open(LogPath(SegmentFileName(SegmentNumber(number))), io::OpenMode::kReadWrite))->SyncData().ok());
    }
    ASSERT_TRUE(files.SyncDirectory(kLogDirectory).ok());
    files.FreezeAt(files.operations() + cut);
    for (const bool powered : {false, true}) {
      State state(1000, 120'000'000, 1000);
      RecordedIndexes indexes;
      RecordingSegmentSet segments(files, state.catalogue, indexes);
      const auto result = Recover({&files, kLogDirectory, &clock_}, state, segments);
      if (powered) {
        ASSERT_TRUE(result.ok()) << "cut " << cut << ": " << result.status();
        EXPECT_EQ(segments.sequences().size(), 10u) << "cut " << cut;
        EXPECT_THAT(result->damage, IsEmpty()) << "cut " << cut;
      } else {
        files.PowerCut(cut);
      }
    }
  }
}

}  // namespace
}  // namespace mts::log
