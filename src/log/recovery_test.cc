#include "log/recovery.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/recovery_fixture.h"

namespace mts::log {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

using RecoveryTest = RecoveryFixture;

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

}  // namespace
}  // namespace mts::log
