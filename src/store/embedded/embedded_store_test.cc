#include "store/embedded/embedded_store.h"

#include <atomic>
#include <thread>

#include "base/text.h"
#include "gmock/gmock.h"
#include "store/embedded/store_fixture.h"

namespace mts::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EmbeddedStoreTest : public EmbeddedStoreFixture {};

TEST_F(EmbeddedStoreTest, MessagesComeBackInOrderAfterARestart) {
  Open();
  for (int i = 1; i <= 5; ++i) {
    const AppendOutcome outcome = AppendOne(i % 2 == 0 ? "even" : "odd", std::to_string(i));
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.result.first, Sequence(i));
  }
  Restart();
  EXPECT_THAT(Payloads(Pattern::All()), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(Payloads(Pattern::Exact("even")), ElementsAre("2", "4"));
  EXPECT_EQ(*Last(Pattern::Exact("even")), Sequence(4));
  EXPECT_EQ(AppendOne("odd", "6").result.first, Sequence(6));
}

TEST_F(EmbeddedStoreTest, AnAnsweredPublishSurvivesAPowerCut) {
  Open();
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    ASSERT_TRUE(AppendOne("a", std::to_string(seed)).status.ok());
    CutPower(seed);
  }
  EXPECT_THAT(Payloads(Pattern::Exact("a")), ElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(EmbeddedStoreTest, ManySegmentsAreReadAsOneLog) {
  Open();
  const std::string payload(50'000, 'x');
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(AppendOne(i % 10 == 0 ? "rare" : "common", payload).status.ok());
  }
  EXPECT_GT(store_->log().counters().segments, 3U);
  EXPECT_EQ(Payloads(Pattern::All()).size(), 100U);
  EXPECT_EQ(Payloads(Pattern::Exact("rare")).size(), 10U);
  Kill();
  EXPECT_EQ(Payloads(Pattern::All()).size(), 100U);
  EXPECT_EQ(Payloads(Pattern::Exact("rare")).size(), 10U);
  EXPECT_EQ(AppendOne("common", "next").result.first, Sequence(101));
}

TEST_F(EmbeddedStoreTest, AConditionThatDoesNotHoldRefusesTheWholeBatch) {
  Open();
  ASSERT_TRUE(AppendOne("a", "1").status.ok());
  NewMessage first;
  first.subject = "b";
  NewMessage second;
  second.subject = "a";
  second.expected_last_sequence = Sequence(7);
  const AppendOutcome refused = Append({first, second});
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status)) << refused.status;
  EXPECT_EQ(refused.refused_position, 1U);
  EXPECT_THAT(Payloads(Pattern::All()), ElementsAre("1"));
  second.expected_last_sequence = Sequence(1);
  EXPECT_TRUE(Append({first, second}).status.ok());
  EXPECT_EQ(*Last(Pattern::Exact("a")), Sequence(3));
}

TEST_F(EmbeddedStoreTest, ARepeatedIdIsAnsweredWithTheFirstSequenceAlsoAfterAKill) {
  Open();
  EXPECT_EQ(AppendOne("a", "1", "id").result.first, Sequence(1));
  const auto expect_duplicate = [&] {
    const AppendOutcome again = AppendOne("a", "2", "id");
    ASSERT_TRUE(again.status.ok());
    ASSERT_EQ(again.result.duplicates.size(), 1U);
    EXPECT_EQ(again.result.duplicates[0].sequence, Sequence(1));
    EXPECT_EQ(again.result.first, kNoSequence);
  };
  expect_duplicate();
  Kill();
  expect_duplicate();
  EXPECT_EQ(AppendOne("b", "other subject", "id").result.first, Sequence(2));
  clock_.Advance(limits::kDeduplicationWindowMicros + 1);
  EXPECT_EQ(AppendOne("a", "3", "id").result.first, Sequence(3));
}

TEST_F(EmbeddedStoreTest, TheInformationCountsIdsThatWereForgottenBeforeTheirTime) {
  options_.log.max_deduplication_ids = 2;
  Open();
  EXPECT_TRUE(Info().writing.ok());
  for (const char* id : {"1", "2", "3"}) ASSERT_TRUE(AppendOne("a", "x", id).status.ok());
  EXPECT_EQ(Info().counters.at("message_ids_forgotten_early"), 1U);
  EXPECT_EQ(AppendOne("a", "x", "1").result.first, Sequence(4));
  EXPECT_EQ(Info().counters.at("message_ids_forgotten_early"), 2U);
  EXPECT_EQ(Info().counters.at("damaged_records_read"), 0U);
}

TEST_F(EmbeddedStoreTest, TheSameIdTwiceInOneBatchIsStoredOnce) {
  Open();
  NewMessage message;
  message.subject = "a";
  message.message_id = "id";
  const AppendOutcome outcome = Append({message, message});
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.result.first, Sequence(1));
  EXPECT_EQ(outcome.result.last, Sequence(1));
  ASSERT_EQ(outcome.result.duplicates.size(), 1U);
  EXPECT_EQ(outcome.result.duplicates[0].position, 1U);
}

TEST_F(EmbeddedStoreTest, APositionGoesForwardOnlyAndNotPastTheEnd) {
  Open();
  const ConsumerId id{"reader", "a"};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendOne("a", "x").status.ok());
  EXPECT_EQ(*Advance(id, 2), Sequence(2));
  EXPECT_EQ(*Advance(id, 1), Sequence(2));
  EXPECT_TRUE(absl::IsOutOfRange(Advance(id, 4).status()));
  CutPower(1);
  EXPECT_EQ(**Position(id), Sequence(2));
  const auto reset =
      WaitFor<absl::StatusOr<Sequence>>([&](auto done) { store_->Reset(id, Sequence(1), std::move(done)); });
  EXPECT_EQ(*reset, Sequence(1));
  Kill();
  EXPECT_EQ(**Position(id), Sequence(1));
}

TEST_F(EmbeddedStoreTest, AFailedSyncEndsWritingAndLosesNothingThatWasAnswered) {
  Open();
  ASSERT_TRUE(AppendOne("a", "kept").status.ok());
  disk_.FailNth(io::FaultOperation::kSyncData, 1, EIO);
  EXPECT_TRUE(absl::IsUnavailable(AppendOne("a", "lost").status));
  const AppendOutcome later = AppendOne("a", "later");
  EXPECT_TRUE(absl::IsUnavailable(later.status));
  EXPECT_THAT(std::string(later.status.message()), HasSubstr("restart"));
  EXPECT_TRUE(absl::IsUnavailable(Info().writing)) << Info().writing;
  EXPECT_THAT(Payloads(Pattern::Exact("a")), ElementsAre("kept"));
  CutPower(3);
  EXPECT_EQ(Payloads(Pattern::Exact("a")).front(), "kept");
  EXPECT_TRUE(AppendOne("a", "again").status.ok());
}

TEST_F(EmbeddedStoreTest, AFailedWriteEndsWriting) {
  Open();
  ASSERT_TRUE(AppendOne("a", "kept").status.ok());
  disk_.FailNth(io::FaultOperation::kWrite, 1, EIO);
  EXPECT_TRUE(absl::IsUnavailable(AppendOne("a", "lost").status));
  EXPECT_TRUE(absl::IsUnavailable(AppendOne("a", "later").status));
  EXPECT_THAT(Payloads(Pattern::Exact("a")), ElementsAre("kept"));
}

TEST_F(EmbeddedStoreTest, NoRoomForASegmentRefusesAndGoesOnWhenThereIsRoom) {
  Open();
  const std::string payload(60'000, 'x');
  disk_.FailAll(io::FaultOperation::kAllocate, ENOSPC);
  int stored = 0;
  AppendOutcome outcome;
  while ((outcome = AppendOne("a", payload)).status.ok()) ++stored;
  EXPECT_TRUE(absl::IsResourceExhausted(outcome.status)) << outcome.status;
  EXPECT_GT(stored, 10);
  // A full disk can still be acknowledged.
  EXPECT_EQ(*Advance({"reader", "a"}, stored), Sequence(stored));
  disk_.FailAll(io::FaultOperation::kAllocate, 0);
  outcome = AppendOne("a", payload);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.result.first, Sequence(stored + 1));
  Kill();
  EXPECT_EQ(Payloads(Pattern::Exact("a")).size(), stored + 1U);
}

TEST_F(EmbeddedStoreTest, AnErrorOfTheDiskAtANewSegmentMayBeTriedAgain) {
  Open();
  const std::string payload(100'000, 'x');
  disk_.FailAll(io::FaultOperation::kCreate, EIO);
  AppendOutcome outcome;
  while ((outcome = AppendOne("a", payload)).status.ok()) {
  }
  EXPECT_TRUE(absl::IsUnavailable(outcome.status)) << outcome.status;
  disk_.FailAll(io::FaultOperation::kCreate, 0);
  EXPECT_TRUE(AppendOne("a", payload).status.ok());
}

TEST_F(EmbeddedStoreTest, NothingOfAStreamIsStoredBehindABatchThatMayBeTriedAgain) {
  Open();
  disk_.FailAll(io::FaultOperation::kAllocate, ENOSPC);
  const std::string large(100'000, 'x');
  while (AppendOne("filler", large).status.ok()) {
  }
  const auto order = std::make_shared<AppendOrder>();
  const auto send = [&](std::string_view payload) {
    NewMessage message;
    message.subject = "stream";
    message.payload = payload;
    return WaitFor<AppendOutcome>(
        [&](auto done) { store_->AppendInOrder(order, absl::MakeConstSpan(&message, 1), std::move(done)); });
  };
  EXPECT_TRUE(absl::IsResourceExhausted(send(large).status));
  // Small enough to fit, but the batch before it was not stored.
  EXPECT_TRUE(absl::IsUnavailable(send("small").status));
  EXPECT_TRUE(AppendOne("stream", "another publisher's").status.ok());
  EXPECT_EQ(*Last(Pattern::Exact("stream")), *Last(Pattern::All()));
}

TEST_F(EmbeddedStoreTest, OldSegmentsExpireAndTheirSequencesAreNotUsedAgain) {
  Open();
  const std::string payload(50'000, 'x');
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(AppendOne("a", payload).status.ok());
  ASSERT_TRUE(AppendOne("gone", payload).status.ok());
  Retention limits;
  limits.max_age_micros = 1'000'000;
  EXPECT_FALSE(*Expire(limits));
  clock_.Advance(2'000'000);
  for (;;) {
    const absl::StatusOr<bool> more = Expire(limits);
    ASSERT_TRUE(more.ok()) << more.status();
    if (!*more) break;
  }
  EXPECT_TRUE(Payloads(Pattern::All()).empty());
  EXPECT_EQ(*Last(Pattern::Exact("gone")), Sequence(61));
  CutPower(9);
  EXPECT_TRUE(Payloads(Pattern::All()).empty());
  EXPECT_EQ(*Last(Pattern::Exact("gone")), Sequence(61));
  EXPECT_EQ(AppendOne("a", "next").result.first, Sequence(62));
}

TEST_F(EmbeddedStoreTest, AJumpOfTheClockExpiresNothing) {
  Open();
  ASSERT_TRUE(AppendOne("a", "1").status.ok());
  Retention limits;
  limits.max_age_micros = 60'000'000;
  EXPECT_FALSE(*Expire(limits));
  clock_.JumpWall(2 * limits::kMaxClockJumpMicros);
  EXPECT_FALSE(*Expire(limits));
  EXPECT_THAT(Payloads(Pattern::Exact("a")), ElementsAre("1"));
}

TEST_F(EmbeddedStoreTest, WithoutSyncsASequenceIsStillNeverUsedTwice) {
  options_.log.durability = log::Durability::kNone;
  Open();
  const Sequence seen = AppendOne("a", "1").result.first;
  CutPower(4);
  EXPECT_GT(AppendOne("a", "2").result.first, seen);
  const Sequence before = *Last(Pattern::Exact("a"));
  Restart();
  EXPECT_EQ(AppendOne("a", "3").result.first, before.Next());
}

TEST_F(EmbeddedStoreTest, WithoutSyncsWhatExpiredIsStillGoneForGood) {
  options_.log.durability = log::Durability::kNone;
  const std::string payload(50'000, 'x');
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Open();
    for (int i = 0; i < 45; ++i) ASSERT_TRUE(AppendOne("a", payload).status.ok());
    clock_.Advance(2'000'000);
    Retention limits;
    limits.max_age_micros = 1'000'000;
    const absl::StatusOr<bool> removed = Expire(limits);
    ASSERT_TRUE(removed.ok()) << removed.status();
    EXPECT_TRUE(*removed);
    CutPower(seed);
    EXPECT_EQ(store_->log().counters().damaged_spots, 0U) << "seed " << seed;
    store_.reset();
  }
}

TEST_F(EmbeddedStoreTest, ASecondStoreOnTheDirectoryIsRefused) {
  Open();
  const absl::StatusOr<std::unique_ptr<EmbeddedStore>> second = EmbeddedStore::Open(options_);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
}

TEST_F(EmbeddedStoreTest, NewsTellsTheLastSequenceOfMatchingSubjects) {
  Open();
  std::atomic<uint64_t> exact{0};
  std::atomic<uint64_t> below{0};
  const auto watch_exact =
      store_->WatchNews(Pattern::Exact("a.b"), [&](std::string_view, Sequence last) { exact = last.value(); });
  const auto watch_below =
      store_->WatchNews(*Pattern::Parse("a.*"), [&](std::string_view, Sequence last) { below = last.value(); });
  ASSERT_TRUE(AppendOne("a.b", "1").status.ok());
  ASSERT_TRUE(AppendOne("a.c", "2").status.ok());
  while (below < 2 || exact < 1) std::this_thread::yield();
  EXPECT_EQ(exact, 1U);
}

TEST_F(EmbeddedStoreTest, ConcurrentPublishersGetDistinctSequencesWithoutGaps) {
  Open();
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) EXPECT_TRUE(AppendOne(Concat("s", t), "x").status.ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const absl::StatusOr<MessageBlockPtr> block = Read(Pattern::All());
  ASSERT_EQ((*block)->messages.size(), kThreads * kEach);
  for (size_t i = 0; i < (*block)->messages.size(); ++i) {
    EXPECT_EQ((*block)->messages[i].sequence, Sequence(i + 1));
  }
}

TEST_F(EmbeddedStoreTest, AReaderStopsAtItsLimitOfBytesAndGoesOnFromThere) {
  Open();
  const std::string payload(10'000, 'x');
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(AppendOne("a", payload).status.ok());
  uint64_t after = 0;
  size_t seen = 0;
  while (seen < 20) {
    const absl::StatusOr<MessageBlockPtr> block = Read(Pattern::Exact("a"), after, 1000, 35'000);
    ASSERT_FALSE((*block)->messages.empty());
    EXPECT_LE((*block)->messages.size(), 3U);
    seen += (*block)->messages.size();
    after = (*block)->scanned_through.value();
  }
  EXPECT_EQ(seen, 20U);
}

TEST_F(EmbeddedStoreTest, LastBeforeFindsWhereAReaderOfATimeBegins) {
  Open();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(AppendOne("a", "x").status.ok());
    clock_.Advance(1'000'000);
  }
  const int64_t start = 1'700'000'000'000'000;
  const auto last_before = [&](int64_t time) {
    return *WaitFor<absl::StatusOr<Sequence>>([&](auto done) { store_->LastBefore(Timestamp(time), std::move(done)); });
  };
  EXPECT_EQ(last_before(start), kNoSequence);
  EXPECT_EQ(last_before(start + 1), Sequence(1));
  EXPECT_EQ(last_before(start + 5'000'000), Sequence(5));
  EXPECT_EQ(last_before(start + 60'000'000), Sequence(10));
}

}  // namespace
}  // namespace mts::store
