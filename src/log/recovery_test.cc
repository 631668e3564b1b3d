#include "log/recovery.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/recovery_test_support.h"

namespace mts::log {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class RecoveryTest : public ::testing::Test {
 protected:
  // Recovers into a fresh state.
  absl::Status TryRecover() {
    state_ = std::make_unique<State>(max_subjects_, 120'000'000, 1000);
    segments_ = std::make_unique<RecordingSegmentSet>(files_, state_->catalogue, indexes_);
    auto result = Recover({&files_, kLogDirectory, &clock_}, *state_, *segments_);
    if (result.ok()) result_ = *std::move(result);
    return result.status();
  }
  void MustRecover() {
    const absl::Status status = TryRecover();
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(segments_->AllReadable());
  }
  // What a second start finds is what the first one left.
  void MustRecoverTheSameAgain() {
    const std::vector<uint64_t> sequences = segments_->sequences();
    const RecoveryResult before = result_;
    const Sequence last = state_->last_sequence;
    MustRecover();
    EXPECT_EQ(segments_->sequences(), sequences);
    EXPECT_EQ(state_->last_sequence, last);
    EXPECT_EQ(result_.next_segment, before.next_segment);
    EXPECT_EQ(result_.cut_bytes, 0u);
  }
  void Checkpoint(LogPosition position) {
    ASSERT_TRUE(WriteCheckpoint(files_, kLogDirectory,
                                TakeSnapshot(*state_, segments_->Summaries(), position, clock_.MonotonicMicros(), 99))
                    .ok());
  }
  // After MustRecover: a checkpoint of everything; the log goes on in the segment that comes next.
  void CheckpointAll() { Checkpoint({result_.next_segment, kSegmentHeaderBytes}); }

  std::vector<std::string> Names() { return *files_.List(kLogDirectory); }
  std::map<std::string, std::string> Contents() {
    std::map<std::string, std::string> contents;
    for (const std::string& name : Names()) contents[name] = *io::ReadWholeFile(files_, LogPath(name), 1 << 24);
    return contents;
  }
  uint64_t MessagesOf(std::string_view subject) {
    const auto id = state_->catalogue.Find(subject);
    return id ? state_->catalogue.State(*id)->messages : 0;
  }
  std::vector<std::string> DamagedFiles() {
    std::vector<std::string> files;
    for (const DamageReport& report : result_.damage) files.push_back(report.file);
    return files;
  }

  io::FaultFileSystem files_;
  LogWriter log_{files_};
  ManualClock clock_;
  uint64_t max_subjects_ = 1000;
  RecordedIndexes indexes_;
  std::unique_ptr<State> state_;
  std::unique_ptr<RecordingSegmentSet> segments_;
  RecoveryResult result_;
};

// ---- Whole logs

TEST_F(RecoveryTest, AnEmptyDirectoryIsAnEmptyLog) {
  MustRecover();
  EXPECT_EQ(result_.next_segment, SegmentNumber(1));
  EXPECT_EQ(state_->last_sequence, kNoSequence);
  EXPECT_EQ(state_->next_group, GroupNumber(1));
  EXPECT_THAT(result_.damage, IsEmpty());
}

TEST_F(RecoveryTest, TheActiveSegmentIsSealedAndKeepsItsMessages) {
  log_.Open(1);
  log_.Publish("a", "one");
  log_.Message("b", "two").Message("a", "three").Commit();
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 2, 3));
  EXPECT_EQ(MessagesOf("a"), 2u);
  EXPECT_EQ(state_->last_sequence, Sequence(3));
  EXPECT_EQ(state_->catalogue.accepted_last(*state_->catalogue.Find("a")), Sequence(3));
  EXPECT_EQ(state_->next_group, GroupNumber(4));  // two and the seal
  EXPECT_EQ(result_.next_segment, SegmentNumber(2));
  EXPECT_EQ(result_.durable_through.segment, SegmentNumber(1));
  EXPECT_GT(result_.durable_through.offset, log_.end());
  EXPECT_EQ(result_.cut_bytes, 0u);
  EXPECT_THAT(result_.damage, IsEmpty());
  EXPECT_EQ(segments_->Summaries().front().end, result_.durable_through.offset);
  MustRecoverTheSameAgain();
}

TEST_F(RecoveryTest, ManySegmentsInOrder) {
  for (uint64_t number = 1; number <= 4; ++number) {
    log_.Open(number);
    for (int i = 0; i < 3; ++i) log_.Publish("s", "payload");
    if (number < 4) log_.Seal();
  }
  MustRecover();
  EXPECT_EQ(segments_->sequences().size(), 12u);
  EXPECT_EQ(segments_->segment_count(), 4u);
  EXPECT_EQ(state_->catalogue.messages(), 12u);
  EXPECT_THAT(result_.damage, IsEmpty());
  MustRecoverTheSameAgain();
}

TEST_F(RecoveryTest, AFreshSegmentBehindASealedOneIsRemoved) {
  log_.Open(1);
  log_.Publish("a", "one");
  log_.Seal();
  log_.Open(2);
  MustRecover();
  EXPECT_EQ(result_.next_segment, SegmentNumber(2));
  EXPECT_THAT(Names(), Not(Contains(SegmentFileName(SegmentNumber(2)))));
  EXPECT_THAT(result_.damage, IsEmpty());
  EXPECT_EQ(result_.cut_bytes, 0u);
}

TEST_F(RecoveryTest, TheNextSegmentMayExistBeforeTheSeal) {
  log_.Open(1);
  log_.Publish("a", "one");
  LogWriter next(files_);
  next.SkipGroups(2);
  next.Open(2);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_EQ(result_.next_segment, SegmentNumber(2));
  EXPECT_THAT(result_.damage, IsEmpty());
}

// ---- State records

TEST_F(RecoveryTest, PositionsAreMonotonicButForAReset) {
  log_.Open(1);
  log_.Publish("s", "1");
  log_.Publish("s", "2");
  log_.Record(RecordType::kPosition, EncodePosition({{"d", "s"}, Sequence(2), false})).Commit();
  log_.Record(RecordType::kPosition, EncodePosition({{"d", "s"}, Sequence(1), false})).Commit();
  log_.Record(RecordType::kPosition, EncodePosition({{"e", "s"}, Sequence(2), false})).Commit();
  log_.Record(RecordType::kPosition, EncodePosition({{"e", "s"}, Sequence(1), true})).Commit();
  log_.Record(RecordType::kPosition, EncodePosition({{"f", "s"}, Sequence(1), false})).Commit();
  log_.Record(RecordType::kConsumerDeleted, EncodeConsumerDeleted({"f", "s"})).Commit();
  MustRecover();
  EXPECT_EQ(state_->consumers.Position({"d", "s"}), Sequence(2));
  EXPECT_EQ(state_->consumers.Position({"e", "s"}), Sequence(1));
  EXPECT_EQ(state_->consumers.Position({"f", "s"}), std::nullopt);
  CheckpointAll();
  MustRecover();
  EXPECT_EQ(state_->consumers.size(), 2u);
  EXPECT_EQ(state_->consumers.Position({"e", "s"}), Sequence(1));
}

TEST_F(RecoveryTest, MessageIdsAreKnownAgainWithTheAgeTheyHad) {
  log_.Open(1);
  log_.Publish("s", "1", "id-1");  // each group is a millisecond later
  for (int i = 0; i < 9; ++i) log_.Publish("s", "x");
  clock_.Advance(3'600'000'000);  // the server was down for an hour
  MustRecover();
  const DeduplicationKey key = MakeDeduplicationKey("s", "id-1");
  const int64_t now = clock_.MonotonicMicros();
  EXPECT_EQ(state_->deduplication.Find(key, now), Sequence(1));
  EXPECT_EQ(state_->deduplication.Find(key, now + 120'000'000 - 9000), Sequence(1));
  EXPECT_EQ(state_->deduplication.Find(key, now + 120'000'000 - 8999), std::nullopt);
}

TEST_F(RecoveryTest, IdsOfTheCheckpointAgeByTheTimeLoggedSince) {
  log_.Open(1);
  log_.Publish("s", "1", "id-1");
  MustRecover();
  CheckpointAll();
  log_.SkipGroups(1);
  log_.Open(2);
  for (int i = 0; i < 10; ++i) log_.Publish("s", "x", i == 9 ? "id-2" : "");
  MustRecover();
  const int64_t now = clock_.MonotonicMicros();
  const DeduplicationKey key = MakeDeduplicationKey("s", "id-1");
  EXPECT_EQ(state_->deduplication.size(), 2u);
  EXPECT_EQ(state_->deduplication.Find(key, now + 120'000'000 - 10'000), Sequence(1));
  EXPECT_EQ(state_->deduplication.Find(key, now + 120'000'000 - 9999), std::nullopt);
}

TEST_F(RecoveryTest, PayloadFilesThatTheLogNamesAndRemovals) {
  const PayloadReference kept{PayloadKind::kStored, 0, 5, 1, "kept"};
  const PayloadReference going{PayloadKind::kStored, 0, 5, 1, "going"};
  const PayloadReference gone{PayloadKind::kStored, 0, 5, 1, "gone"};
  const PayloadReference named{PayloadKind::kNamed, 0, 0, 0, "theirs"};
  log_.Open(1);
  for (const PayloadReference* reference : {&kept, &going, &gone, &named}) {
    log_.Message("s", "", "", reference).Commit();
  }
  log_.Record(RecordType::kPayloadRemoval, EncodePayloadRemoval({gone})).Commit();  // group 5
  log_.Record(RecordType::kPayloadsRemoved, EncodePayloadsRemoved(GroupNumber(5))).Commit();
  log_.Record(RecordType::kPayloadRemoval, EncodePayloadRemoval({going})).Commit();  // group 7
  MustRecover();
  EXPECT_THAT(result_.references, ElementsAre(kept));
  ASSERT_EQ(state_->pending_removals.size(), 1u);
  EXPECT_THAT(state_->pending_removals[GroupNumber(7)], ElementsAre(going));
  CheckpointAll();
  MustRecover();
  EXPECT_THAT(result_.references, IsEmpty());
  EXPECT_THAT(state_->pending_removals[GroupNumber(7)], ElementsAre(going));
}

TEST_F(RecoveryTest, ReservedSequencesAreNotUsedAgainAfterAnUncleanEnd) {
  log_.Open(1);
  log_.Record(RecordType::kReservation, EncodeReservation(Sequence(1000))).Message("s", "1").Commit();
  MustRecover();
  EXPECT_EQ(state_->last_sequence, Sequence(1000));
  EXPECT_EQ(state_->catalogue.Last(Pattern::All()), Sequence(1));
  MustRecoverTheSameAgain();
}

TEST_F(RecoveryTest, ACleanEndTakesTheReservationBack) {
  log_.Open(1);
  log_.Record(RecordType::kReservation, EncodeReservation(Sequence(1000))).Message("s", "1").Commit();
  log_.Record(RecordType::kReservation, EncodeReservation(Sequence(1))).Commit();
  MustRecover();
  EXPECT_EQ(state_->last_sequence, Sequence(1));
}

// ---- Checkpoints

TEST_F(RecoveryTest, OnlyWhatFollowsTheCheckpointIsReplayed) {
  log_.Open(1);
  for (int i = 0; i < 5; ++i) log_.Publish("a", "x");
  log_.Seal();
  MustRecover();
  CheckpointAll();
  log_.Open(2);
  log_.Publish("b", "y");
  const uint64_t end = log_.end();
  MustRecover();
  EXPECT_THAT(segments_->adopted(), ElementsAre(1));
  EXPECT_EQ(MessagesOf("a"), 5u);
  EXPECT_EQ(MessagesOf("b"), 1u);
  EXPECT_EQ(result_.replayed_bytes, end - kSegmentHeaderBytes);
  EXPECT_TRUE(result_.checkpoint.has_value());
  MustRecoverTheSameAgain();
}

TEST_F(RecoveryTest, ACheckpointInTheMiddleOfASegmentCountsNothingTwice) {
  log_.Open(1);
  log_.Publish("a", "1");
  log_.Publish("a", "2");
  const LogPosition position = log_.position();
  // A state as it was at that position.
  state_ = std::make_unique<State>(max_subjects_, 120'000'000, 1000);
  segments_ = std::make_unique<RecordingSegmentSet>(files_, state_->catalogue, indexes_);
  const SubjectId id = *state_->catalogue.FindOrCreate("a");
  state_->catalogue.MakeVisible(
      std::vector<VisibleMessage>{{id, 0, Sequence(1), 1, false}, {id, 0, Sequence(2), 1, false}}, Timestamp(5));
  state_->last_sequence = Sequence(2);
  state_->next_group = GroupNumber(3);
  Checkpoint(position);
  log_.Publish("a", "3");
  MustRecover();
  EXPECT_EQ(MessagesOf("a"), 3u);
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 2, 3));
  EXPECT_EQ(state_->last_sequence, Sequence(3));
  EXPECT_THAT(result_.damage, IsEmpty());
}

TEST_F(RecoveryTest, AMissingIndexIsMadeAgain) {
  log_.Open(1);
  log_.Publish("a", "x");
  log_.Seal();
  log_.Open(2);
  log_.Publish("a", "y");
  MustRecover();
  CheckpointAll();
  ASSERT_TRUE(files_.Remove(LogPath(IndexFileName(SegmentNumber(1)))).ok());
  MustRecover();
  EXPECT_THAT(segments_->adopted(), ElementsAre(2));
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 2));
  EXPECT_EQ(MessagesOf("a"), 2u);
}

TEST_F(RecoveryTest, ADamagedCheckpointIsReportedAndTheOneBeforeServes) {
  log_.Open(1);
  log_.Publish("a", "x");
  log_.Seal();
  MustRecover();
  CheckpointAll();
  log_.Open(2);
  log_.Publish("a", "y");
  log_.Seal();
  MustRecover();
  CheckpointAll();
  const std::string newest = LogPath(CheckpointFileName(2));
  log_.FlipIn(newest, 100);
  MustRecover();
  EXPECT_THAT(DamagedFiles(), ElementsAre(newest));
  EXPECT_EQ(result_.checkpoint->number, 1u);
  EXPECT_EQ(MessagesOf("a"), 2u);
  EXPECT_THAT(segments_->sequences(), ElementsAre(1, 2));
}

TEST_F(RecoveryTest, WithoutAnyWholeCheckpointTheSegmentsTellAll) {
  log_.Open(1);
  log_.Publish("a", "x");
  MustRecover();
  CheckpointAll();
  log_.FlipIn(LogPath(CheckpointFileName(1)), 100);
  MustRecover();
  EXPECT_EQ(MessagesOf("a"), 1u);
  EXPECT_EQ(result_.damaged_spots, 1u);
}

TEST_F(RecoveryTest, MessagesAreCountedAgainWhenTheCheckpointCountedAnotherSegment) {
  log_.Open(1);
  log_.Message("a", "x").Message("b", "x").Commit();
  log_.Seal();
  log_.Open(2);
  log_.Publish("a", "y");
  log_.Seal();
  MustRecover();
  CheckpointAll();
  ASSERT_TRUE(files_.Remove(LogPath(SegmentFileName(SegmentNumber(1)))).ok());
  MustRecover();
  EXPECT_EQ(MessagesOf("a"), 1u);
  EXPECT_EQ(MessagesOf("b"), 0u);
  EXPECT_EQ(state_->catalogue.messages(), 1u);
  EXPECT_EQ(state_->catalogue.Last(Pattern::Exact("b")), Sequence(2));
  EXPECT_THAT(DamagedFiles(), ElementsAre(LogPath(SegmentFileName(SegmentNumber(1)))));
}

TEST_F(RecoveryTest, TrimmedSegmentsAreOutOfSightAndTheirFilesGoAfterACheckpoint) {
  log_.Open(1);
  log_.Message("a", "x").Message("b", "x").Commit();
  log_.Seal();
  log_.Open(2);
  log_.Publish("a", "y");
  log_.Seal();
  MustRecover();
  CheckpointAll();
  log_.Open(3);
  log_.Record(RecordType::kTrim, EncodeTrim({SegmentNumber(2), Sequence(3)})).Commit();
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(3));
  EXPECT_EQ(MessagesOf("a"), 1u);
  EXPECT_EQ(MessagesOf("b"), 0u);
  EXPECT_EQ(state_->catalogue.State(*state_->catalogue.Find("a"))->first, Sequence(3));
  EXPECT_EQ(state_->catalogue.Last(Pattern::Exact("b")), Sequence(2));
  EXPECT_THAT(result_.trimmed, ElementsAre(SegmentNumber(1)));
  EXPECT_THAT(Names(), Contains(SegmentFileName(SegmentNumber(1))));
  MustRecoverTheSameAgain();
  CheckpointAll();
  MustRecover();
  EXPECT_THAT(Names(), Not(Contains(SegmentFileName(SegmentNumber(1)))));
  EXPECT_THAT(Names(), Not(Contains(IndexFileName(SegmentNumber(1)))));
  EXPECT_THAT(segments_->sequences(), ElementsAre(3));
  EXPECT_EQ(MessagesOf("a"), 1u);
  EXPECT_THAT(result_.damage, IsEmpty());
}

TEST_F(RecoveryTest, ATrimmedSegmentWhoseFileIsGoneIsNoDamage) {
  log_.Open(1);
  log_.Publish("a", "x");
  log_.Seal();
  log_.Open(2);
  log_.Publish("a", "y");
  log_.Seal();
  MustRecover();
  CheckpointAll();
  log_.Open(3);
  log_.Record(RecordType::kTrim, EncodeTrim({SegmentNumber(2), Sequence(2)})).Commit();
  ASSERT_TRUE(files_.Remove(LogPath(SegmentFileName(SegmentNumber(1)))).ok());
  MustRecover();
  EXPECT_THAT(result_.damage, IsEmpty());
  EXPECT_EQ(MessagesOf("a"), 1u);
  EXPECT_THAT(segments_->sequences(), ElementsAre(2));
}

// ---- Torn tails

TEST_F(RecoveryTest, ATornBatchDoesNotComeBackInPart) {
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

TEST_F(RecoveryTest, ATornGroupHeaderIsCut) {
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

TEST_F(RecoveryTest, ATornRecordHeaderIsCut) {
  log_.Open(1);
  log_.Publish("s", "one");
  log_.Message("s", "two").Message("s", "three").Commit();
  log_.Flip(log_.record_offsets()[0] + 9);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_GT(result_.cut_bytes, 0u);
}

TEST_F(RecoveryTest, AFileThatEndsInTheLastGroupIsCutThere) {
  log_.Open(1);
  log_.Publish("s", "one");
  const uint64_t at = log_.Publish("s", std::string(1000, 'x'));
  log_.Truncate(at + 500);
  MustRecover();
  EXPECT_THAT(segments_->sequences(), ElementsAre(1));
  EXPECT_EQ(result_.cut_bytes, 500u);
  EXPECT_THAT(result_.damage, IsEmpty());
}

TEST_F(RecoveryTest, EveryTruncationOfTheTailGivesAPrefix) {
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

TEST_F(RecoveryTest, GroupsBehindATornOneGoWithIt) {
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

TEST_F(RecoveryTest, ATornEndOfASegmentTakesTheNextOneWithIt) {
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

TEST_F(RecoveryTest, WhatACrashedRecoveryLeftOfTheCutPartIsNotTakenForTheLog) {
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

TEST_F(RecoveryTest, GroupsOfAnEarlierLifeBehindTheTailStayDead) {
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

TEST_F(RecoveryTest, ADamagedBodyInAProvenGroupCostsThatRecordOnly) {
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

TEST_F(RecoveryTest, ADamagedRecordHeaderInAProvenGroupCostsThatRecordOnly) {
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

TEST_F(RecoveryTest, ADamagedHeaderOfAProvenGroupCostsNoMessage) {
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

TEST_F(RecoveryTest, TheSpotThatOnlyTheLaterSegmentProvesIsDamage) {
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

TEST_F(RecoveryTest, AWholeRangeOfProvenGroupsLost) {
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

TEST_F(RecoveryTest, DamageBeforeTheCheckpointIsNeverTakenForTheTail) {
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

TEST_F(RecoveryTest, ADamagedSegmentHeaderCostsNoMessage) {
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

TEST_F(RecoveryTest, AFileThatIsNoSegmentInTheMiddleIsReportedAndLeftAlone) {
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

TEST_F(RecoveryTest, AMissingSegmentInTheMiddleIsReported) {
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

TEST_F(RecoveryTest, ManyDamagedSpotsAreAllCounted) {
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

// ---- Refusals: nothing is changed

TEST_F(RecoveryTest, ASegmentOfALaterVersionIsRefused) {
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

TEST_F(RecoveryTest, ARecordTypeFromTheFutureIsRefusedUnlessItMayBeSkipped) {
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

TEST_F(RecoveryTest, AForeignFileInPlaceOfTheLastSegmentIsRefused) {
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

TEST_F(RecoveryTest, MoreSubjectsThanAllowedIsAnErrorThatSaysSo) {
  log_.Open(1);
  log_.Message("a", "").Message("b", "").Message("c", "").Commit();
  max_subjects_ = 2;
  const absl::Status status = TryRecover();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_subjects"));
}

// ---- Leftovers

TEST_F(RecoveryTest, HalfWrittenFilesAndOrphanedIndexesAreRemoved) {
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

TEST_F(RecoveryTest, AnEmptyOrHalfWrittenHeaderOfAFreshSegmentIsNothing) {
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

TEST_F(RecoveryTest, PreparedFilesMakeRoomForTheCopyOnAFullDisk) {
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

TEST_F(RecoveryTest, ADiskErrorIsAnErrorAndTheNextStartSucceeds) {
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
TEST_F(RecoveryTest, AnyDamageLeavesTheRestReadable) {
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
    // The last group may be cut, each of the six flips at most costs a record; a segment's header at worst a file.
    EXPECT_GE(sequences.size() + 6 + 2, result_.damaged_spots > 6 ? 0u : 30u - 12u) << "round " << round;
  }
}

// A power cut at any moment of a recovery: the next one still has every message.
TEST_F(RecoveryTest, APowerCutDuringRecoveryLosesNothing) {
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
