#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/recovery.h"
#include "log/recovery_fixture.h"

namespace mts::log {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

using RecoveryDamageTest = RecoveryFixture;

// ---- Torn tails

TEST_F(RecoveryDamageTest, ATornBatchDoesNotComeBackInPart) {
  log_.Open(1);
  log_.Publish("s", "one");
  const uint64_t at = log_.Message("s", "two").Message("s", "three").Message("s", "four").Commit();
  log_.Flip(log_.record_offsets()[1] + kRecordHeaderBytes + 3);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_EQ(state_->last_sequence, Sequence(1));
  EXPECT_EQ(result_.cut_bytes, log_.end() - at);
  EXPECT_THAT(result_.damage, IsEmpty());
  EXPECT_EQ(MessagesOf("s"), 1u);
  MustRecoverTheSameAgain();
}

TEST_F(RecoveryDamageTest, ATornGroupHeaderIsCut) {
  log_.Open(1);
  log_.Publish("s", "one");
  const uint64_t at = log_.Publish("s", "two");
  log_.Flip(at + 40);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_GT(result_.cut_bytes, 0u);
  EXPECT_THAT(result_.damage, IsEmpty());
  MustRecoverTheSameAgain();
}

TEST_F(RecoveryDamageTest, ATornRecordHeaderIsCut) {
  log_.Open(1);
  log_.Publish("s", "one");
  log_.Message("s", "two").Message("s", "three").Commit();
  log_.Flip(log_.record_offsets()[0] + 9);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_GT(result_.cut_bytes, 0u);
}

TEST_F(RecoveryDamageTest, AFileThatEndsInTheLastGroupIsCutThere) {
  log_.Open(1);
  log_.Publish("s", "one");
  const uint64_t at = log_.Publish("s", std::string(1000, 'x'));
  log_.Truncate(at + 500);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_EQ(result_.cut_bytes, 500u);
  EXPECT_THAT(result_.damage, IsEmpty());
}

TEST_F(RecoveryDamageTest, EveryTruncationOfTheTailGivesAPrefix) {
  log_.Open(1);
  std::vector<uint64_t> ends;
  for (int i = 0; i < 6; ++i) {
    log_.Publish("s", std::string(static_cast<size_t>(i) * 13, 'x'));
    ends.push_back(log_.end());
  }
  const std::string whole = *io::ReadWholeFile(files_, log_.path(), 1 << 20);
  for (uint64_t size = 0; size <= ends.back(); size += 11) {
    auto file = *files_.Open(log_.path(), io::OpenMode::kCreateOrTruncate);
    ASSERT_TRUE(file->Write(0, std::string_view(whole).substr(0, size)).ok());
    const absl::Status status = TryRecover();
    ASSERT_TRUE(status.ok()) << "size " << size << ": " << status;
    const uint64_t expected = std::count_if(ends.begin(), ends.end(), [&](uint64_t end) { return end <= size; });
    ASSERT_EQ(segments_->sequences().size(), expected) << "size " << size;
    EXPECT_THAT(result_.damage, IsEmpty()) << "size " << size;
    for (const std::string& name : Names()) ASSERT_TRUE(files_.Remove(LogPath(name)).ok());
  }
}

TEST_F(RecoveryDamageTest, GroupsBehindATornOneGoWithIt) {
  // Without a sync between them, a later group may be on the disk and an earlier one not.
  log_.Open(1);
  log_.Publish("s", "one");
  const LogPosition durable = log_.position();
  const uint64_t at = log_.Publish("s", "two");
  log_.SetSynced(durable);
  log_.Publish("s", "three");
  log_.Flip(at + kGroupHeaderBytes + kRecordHeaderBytes + 2);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_EQ(result_.cut_bytes, log_.end() - at);
  EXPECT_THAT(result_.damage, IsEmpty());
  // Numbers of the groups that were cut are not given again.
  EXPECT_GE(state_->next_group, GroupNumber(5));
  MustRecoverTheSameAgain();
}

TEST_F(RecoveryDamageTest, ATornEndOfASegmentTakesTheNextOneWithIt) {
  log_.Open(1);
  log_.Publish("s", "one");
  const LogPosition durable = log_.position();
  const uint64_t at = log_.Publish("s", "two");
  log_.SetSynced(durable);
  log_.Seal();
  log_.Open(2);
  log_.SetSynced(durable);
  log_.Publish("s", "three");
  log_.FlipIn(LogPath(SegmentFileName(SegmentNumber(1))), at + kGroupHeaderBytes + kRecordHeaderBytes + 2);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_GT(result_.cut_bytes, 0u);
  EXPECT_EQ(result_.next_segment, SegmentNumber(2));
  EXPECT_THAT(Names(), Not(Contains(SegmentFileName(SegmentNumber(2)))));
  MustRecoverTheSameAgain();
}

TEST_F(RecoveryDamageTest, WhatACrashedRecoveryLeftOfTheCutPartIsNotTakenForTheLog) {
  log_.Open(1);
  log_.Publish("s", "one");
  const LogPosition durable = log_.position();
  const uint64_t at = log_.Publish("s", "two");
  log_.SetSynced(durable);
  log_.Seal();
  log_.Open(2);
  log_.SetSynced(durable);
  log_.Publish("s", "three");
  log_.FlipIn(LogPath(SegmentFileName(SegmentNumber(1))), at + 40);
  const std::string cut = *io::ReadWholeFile(files_, log_.path(), 1 << 20);
  MustRecover();
  ASSERT_THAT(segments_->sequences(), ElementsAre(1));
  // As if the power had gone before the second segment was removed.
  auto file = *files_.Open(LogPath(SegmentFileName(SegmentNumber(2))), io::OpenMode::kCreate);
  ASSERT_TRUE(file->Write(0, cut).ok());
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_THAT(Names(), Not(Contains(SegmentFileName(SegmentNumber(2)))));
  EXPECT_THAT(result_.damage, IsEmpty());
}

TEST_F(RecoveryDamageTest, GroupsOfAnEarlierLifeBehindTheTailStayDead) {
  log_.Open(1);
  for (int i = 0; i < 50; ++i) log_.Publish("old", "payload");
  const std::string old = *io::ReadWholeFile(files_, log_.path(), 1 << 20);
  LogWriter log(files_);
  log.SkipGroups(100);
  log.Open(1);
  log.Write(kSegmentHeaderBytes, std::string_view(old).substr(kSegmentHeaderBytes));
  log.Publish("new", "x");
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_EQ(MessagesOf("old"), 0u);
  EXPECT_EQ(result_.cut_bytes, 0u);
  EXPECT_THAT(result_.damage, IsEmpty());
}

// ---- Damage

TEST_F(RecoveryDamageTest, ADamagedBodyInAProvenGroupCostsThatRecordOnly) {
  log_.Open(1);
  log_.Message("s", "one").Message("s", "two").Message("s", "three").Commit();
  const uint64_t at = log_.record_offsets()[1];
  log_.Publish("s", "four");
  log_.Flip(at + kRecordHeaderBytes + 3);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 3, 4));
  EXPECT_EQ(state_->last_sequence, Sequence(4));
  EXPECT_EQ(MessagesOf("s"), 3u);
  ASSERT_EQ(result_.damage.size(), 1u);
  EXPECT_EQ(result_.damage[0].file, log_.path());
  EXPECT_EQ(result_.damage[0].offset, at);
  EXPECT_EQ(result_.cut_bytes, 0u);
}

TEST_F(RecoveryDamageTest, ADamagedRecordHeaderInAProvenGroupCostsThatRecordOnly) {
  log_.Open(1);
  log_.Message("s", "one").Message("s", "two").Message("s", "three").Commit();
  const uint64_t at = log_.record_offsets()[1];
  log_.Publish("s", "four");
  log_.Flip(at + 1);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 3, 4));
  ASSERT_EQ(result_.damage.size(), 1u);
  EXPECT_EQ(result_.damage[0].offset, at);
}

TEST_F(RecoveryDamageTest, ADamagedHeaderOfAProvenGroupCostsNoMessage) {
  log_.Open(1);
  log_.Publish("s", "one");
  const uint64_t at = log_.Message("s", "two").Message("s", "three").Commit();
  log_.Publish("s", "four");
  log_.Flip(at + 50);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 2, 3, 4));
  ASSERT_EQ(result_.damage.size(), 1u);
  EXPECT_EQ(result_.damage[0].offset, at);
  EXPECT_EQ(result_.damage[0].bytes, kGroupHeaderBytes);
  EXPECT_EQ(state_->last_sequence, Sequence(4));
}

TEST_F(RecoveryDamageTest, TheSpotThatOnlyTheLaterSegmentProvesIsDamage) {
  log_.Open(1);
  log_.Publish("s", "one");
  const uint64_t last = log_.Publish("s", "two");
  const std::string first_path = log_.path();
  const uint64_t seal = log_.Seal();
  log_.Open(2);
  log_.Publish("s", "three");
  log_.FlipIn(first_path, last + kGroupHeaderBytes + kRecordHeaderBytes + 3);
  log_.FlipIn(first_path, seal + 20);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 3));
  EXPECT_EQ(result_.cut_bytes, 0u);
  EXPECT_THAT(DamagedFiles(), Contains(first_path));
}

TEST_F(RecoveryDamageTest, AWholeRangeOfProvenGroupsLost) {
  log_.Open(1);
  log_.Publish("s", "one");
  const uint64_t from = log_.Publish("s", "two");
  log_.Publish("s", "three");
  const uint64_t to = log_.end();
  log_.Publish("s", "four");
  log_.Write(from, std::string(to - from, '\0'));
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 4));
  ASSERT_EQ(result_.damage.size(), 1u);
  EXPECT_EQ(result_.damage[0].offset, from);
  EXPECT_EQ(result_.damage[0].bytes, to - from);
}

TEST_F(RecoveryDamageTest, DamageBeforeTheCheckpointIsNeverTakenForTheTail) {
  log_.Open(1);
  log_.Publish("s", "one");
  const uint64_t at = log_.Publish("s", "two");
  state_ = std::make_unique<State>(max_subjects_, 120'000'000, 1000);
  segments_ = std::make_unique<RecordingSegmentSet>(files_, state_->catalogue, indexes_);
  state_->last_sequence = Sequence(2);
  state_->next_group = GroupNumber(3);
  Checkpoint(log_.position());
  log_.Flip(at + kGroupHeaderBytes + kRecordHeaderBytes + 3);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_EQ(state_->last_sequence, Sequence(2));
  EXPECT_EQ(result_.cut_bytes, 0u);
  EXPECT_EQ(result_.damaged_spots, 1u);
}

TEST_F(RecoveryDamageTest, ADamagedSegmentHeaderCostsNoMessage) {
  log_.Open(1);
  log_.Publish("s", "one");
  log_.Seal();
  const std::string first = log_.path();
  log_.Open(2);
  log_.Publish("s", "two");
  log_.Seal();
  const std::string second = log_.path();
  log_.Open(3);
  log_.Publish("s", "three");
  const std::string third = log_.path();
  log_.FlipIn(first, 20);
  log_.FlipIn(second, 3);
  log_.FlipIn(third, 40);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 2, 3));
  EXPECT_THAT(DamagedFiles(), UnorderedElementsAre(first, second, third));
}

TEST_F(RecoveryDamageTest, AFileThatIsNoSegmentInTheMiddleIsReportedAndLeftAlone) {
  log_.Open(1);
  log_.Publish("s", "one");
  log_.Seal();
  log_.Open(2);
  log_.Publish("s", "two");
  log_.Seal();
  const std::string second = log_.path();
  log_.Open(3);
  log_.Publish("s", "three");
  const std::string foreign(20'000, '#');
  ASSERT_TRUE(io::WriteFileAtomically(files_, second, foreign).ok());
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 3));
  EXPECT_THAT(DamagedFiles(), ElementsAre(second));
  EXPECT_EQ(*io::ReadWholeFile(files_, second, 1 << 20), foreign);
  EXPECT_EQ(result_.next_segment, SegmentNumber(4));
}

TEST_F(RecoveryDamageTest, AMissingSegmentInTheMiddleIsReported) {
  for (uint64_t number = 1; number <= 4; ++number) {
    log_.Open(number);
    log_.Publish("s", "x");
    log_.Seal();
  }
  ASSERT_TRUE(files_.Remove(LogPath(SegmentFileName(SegmentNumber(2)))).ok());
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 3, 4));
  EXPECT_THAT(DamagedFiles(), ElementsAre(LogPath(SegmentFileName(SegmentNumber(2)))));
}

TEST_F(RecoveryDamageTest, ManyDamagedSpotsAreAllCounted) {
  LogWriter log(files_, 1 << 20);
  log.Open(1);
  for (int i = 0; i < 1500; ++i) log.Message("s", "x");
  log.Commit();
  const std::vector<uint64_t> records = log.record_offsets();
  log.Publish("s", "last");
  std::string bytes = *io::ReadWholeFile(files_, log.path(), 1 << 22);
  for (const uint64_t at : records) bytes[at + kRecordHeaderBytes + 2] ^= 1;
  log.Write(0, bytes);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1501));
  EXPECT_EQ(result_.damaged_spots, 1500u);
  EXPECT_EQ(result_.damage.size(), kMaxDamageReports);
}

}  // namespace
}  // namespace mts::log
