#include <atomic>
#include <set>
#include <thread>

#include "model/headers.h"
#include "store_suite.h"

namespace mts::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MessageStoreTest);

TEST_P(MessageStoreTest, OneCounterNumbersAllSubjects) {
  EXPECT_EQ(AppendOk("a", "1"), 1u);
  EXPECT_EQ(AppendOk("b", "2"), 2u);
  EXPECT_EQ(AppendOk("a", "3"), 3u);
  EXPECT_THAT(Payloads(Read("a")), ElementsAre("1", "3"));
  EXPECT_THAT(Payloads(Read("*")), ElementsAre("1", "2", "3"));
  EXPECT_EQ(Last("a"), 3u);
  EXPECT_EQ(Last("b"), 2u);
  EXPECT_EQ(Last("c"), 0u);
  EXPECT_EQ(Last("*"), 3u);
}

TEST_P(MessageStoreTest, MessagesComeBackAsTheyWent) {
  std::string headers;
  HeadersEncoder encoder(headers);
  encoder.Begin(1);
  encoder.Add("k", "v");
  NewMessage message = Message("a", std::string_view("\0\xFF", 2));
  message.headers = headers;
  ASSERT_TRUE(Append({message}).status.ok());
  for (const bool restarted : {false, true}) {
    if (restarted && !stores_->Restart()) break;
    const auto block = Read("a");
    ASSERT_THAT(block->messages, SizeIs(1));
    const StoredMessage& stored = block->messages[0];
    EXPECT_EQ(stored.subject, "a");
    EXPECT_EQ(stored.payload, std::string_view("\0\xFF", 2));
    EXPECT_EQ(stored.size, 2u);
    EXPECT_TRUE(stored.payload_included);
    EXPECT_EQ(stored.headers, headers);
    EXPECT_FALSE(stored.reference.has_value());
    EXPECT_GT(stored.time.value(), 0);
  }
}

TEST_P(MessageStoreTest, ABatchHasConsecutiveSequences) {
  AppendOk("a", "0");
  const auto outcome = Append({Message("a", "1"), Message("b", "2"), Message("c", "3")});
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.result.first, Sequence(2));
  EXPECT_EQ(outcome.result.last, Sequence(4));
  EXPECT_THAT(Payloads(Read("*", 1)), ElementsAre("1", "2", "3"));
}

TEST_P(MessageStoreTest, SequencesGoOnAfterARestart) {
  AppendOk("a", "1");
  if (!stores_->Restart()) return;  // nothing outlives the process
  EXPECT_EQ(Last("a"), 1u);
  EXPECT_GT(AppendOk("a", "2"), 1u);
  EXPECT_THAT(Payloads(Read("a")), ElementsAre("1", "2"));
}

TEST_P(MessageStoreTest, AFailedConditionStoresNothing) {
  NewMessage conditional = Message("a", "x");
  conditional.expected_last_sequence = kNoSequence;
  EXPECT_TRUE(Append({conditional}).status.ok());
  const auto outcome = Append({Message("b", "y"), conditional});
  EXPECT_TRUE(absl::IsFailedPrecondition(outcome.status)) << outcome.status;
  EXPECT_EQ(outcome.refused_position, 1u);
  EXPECT_EQ(Last("b"), 0u);
  conditional.expected_last_sequence = Sequence(Last("a"));
  EXPECT_TRUE(Append({conditional}).status.ok());
}

TEST_P(MessageStoreTest, InABatchAConditionIsComparedWithTheStateBefore) {
  NewMessage conditional = Message("a", "x");
  conditional.expected_last_sequence = kNoSequence;
  EXPECT_TRUE(Append({Message("a", "first"), conditional}).status.ok());
}

TEST_P(MessageStoreTest, AMessageIdIsStoredOnceASubject) {
  const uint64_t first = AppendOk("a", "x", "id");
  EXPECT_NE(AppendOk("b", "x", "id"), 0u);
  const auto outcome = Append({Message("a", "new"), Message("a", "again", "id"), Message("a", "also new", "id2"),
                               Message("a", "twice", "id2")});
  ASSERT_TRUE(outcome.status.ok());
  ASSERT_THAT(outcome.result.duplicates, SizeIs(2));
  EXPECT_EQ(outcome.result.duplicates[0].position, 1u);
  EXPECT_EQ(outcome.result.duplicates[0].sequence, Sequence(first));
  EXPECT_EQ(outcome.result.duplicates[1].position, 3u);
  EXPECT_EQ(outcome.result.duplicates[1].sequence, outcome.result.last);
  EXPECT_EQ(outcome.result.last.value() - outcome.result.first.value(), 1u);
  const auto all = Append({Message("a", "again", "id")});
  EXPECT_EQ(all.result.first, kNoSequence);
  EXPECT_EQ(all.result.last, kNoSequence);
  if (!stores_->Restart()) return;
  EXPECT_THAT(Append({Message("a", "again", "id")}).result.duplicates, SizeIs(1));
}

TEST_P(MessageStoreTest, ReadsAreBoundedAndGoOnWhereTheyEnded) {
  for (int i = 0; i < 10; ++i) AppendOk(i % 2 == 0 ? "a" : "b", std::string(100, static_cast<char>('0' + i)));
  EXPECT_THAT(Read("a", 0, 2)->messages, SizeIs(2));
  EXPECT_EQ(Read("a", 0, 2)->scanned_through, Sequence(3));
  EXPECT_THAT(Read("a", 3, 2)->messages, SizeIs(2));
  EXPECT_THAT(Read("a", 0, 10, 1)->messages, SizeIs(1));  // one always fits
  EXPECT_THAT(Read("a", 0, 10, 250)->messages, SizeIs(2));
  const auto end = Read("a", 9, 10);
  EXPECT_THAT(end->messages, IsEmpty());
  EXPECT_GE(end->scanned_through, Sequence(9));
}

TEST_P(MessageStoreTest, PayloadsOverTheReadersLimitAreLeftOut) {
  AppendOk("a", std::string(100, 'x'));
  const auto block = Read("a", 0, 10, UINT64_MAX, 99);
  ASSERT_THAT(block->messages, SizeIs(1));
  EXPECT_FALSE(block->messages[0].payload_included);
  EXPECT_EQ(block->messages[0].payload, "");
  EXPECT_EQ(block->messages[0].size, 100u);
  EXPECT_TRUE(Read("a", 0, 10, UINT64_MAX, 100)->messages[0].payload_included);
}

TEST_P(MessageStoreTest, PatternsMatchTheBaseAndWhatLiesBelow) {
  for (const char* subject : {"a", "a.b", "a.b.c", "ab", "b"}) AppendOk(subject, subject);
  EXPECT_THAT(Payloads(Read("a.*")), ElementsAre("a", "a.b", "a.b.c"));
  EXPECT_THAT(Payloads(Read("a.b.*")), ElementsAre("a.b", "a.b.c"));
  EXPECT_EQ(Last("a.*"), 3u);
}

TEST_P(MessageStoreTest, OneMessageByItsSequence) {
  AppendOk("a", "1");
  AppendOk("b", "2");
  const auto read = [&](std::string_view subject, uint64_t sequence) {
    return WaitFor<absl::StatusOr<store::MessageBlockPtr>>(
        [&](auto done) { messages().ReadOne(subject, Sequence(sequence), UINT64_MAX, std::move(done)); });
  };
  EXPECT_THAT(Payloads(*read("b", 2)), ElementsAre("2"));
  EXPECT_THAT(Payloads(*read("", 1)), ElementsAre("1"));
  EXPECT_TRUE(absl::IsNotFound(read("a", 2).status()));
  EXPECT_TRUE(absl::IsNotFound(read("a", 3).status()));
  EXPECT_TRUE(absl::IsNotFound(read("", 0).status()));
}

TEST_P(MessageStoreTest, ReferencesComeBack) {
  const PayloadReference reference = *Put(std::string(5000, 'p'));
  NewMessage message = Message("a", "");
  message.reference = &reference;
  ASSERT_TRUE(Append({message}).status.ok());
  payloads().Keep({reference});
  for (const bool restarted : {false, true}) {
    if (restarted && !stores_->Restart()) break;
    const auto block = Read("a");
    ASSERT_THAT(block->messages, SizeIs(1));
    EXPECT_FALSE(block->messages[0].payload_included);
    EXPECT_EQ(block->messages[0].size, 5000u);
    ASSERT_TRUE(block->messages[0].reference.has_value());
    EXPECT_EQ(*block->messages[0].reference, reference);
    EXPECT_EQ(*Get(*block->messages[0].reference, 0, 5000), std::string(5000, 'p'));
  }
}

TEST_P(MessageStoreTest, LastBeforeATime) {
  AppendOk("a", "1");
  const Timestamp first = Read("a")->messages[0].time;
  const auto last_before = [&](Timestamp time) {
    return *WaitFor<absl::StatusOr<Sequence>>([&](auto done) { messages().LastBefore(time, std::move(done)); });
  };
  EXPECT_EQ(last_before(first), kNoSequence);
  EXPECT_EQ(last_before(Timestamp(first.value() + 1)), Sequence(1));
  EXPECT_EQ(last_before(Timestamp(INT64_MAX)), Sequence(1));
}

TEST_P(MessageStoreTest, NewsReachMatchingWatchesInOrderUntilTheyEnd) {
  absl::Mutex mutex;
  std::vector<uint64_t> told;
  auto watch = messages().WatchNews(*Pattern::Parse("a.*"), [&](std::string_view subject, Sequence last) {
    EXPECT_NE(subject, "b");
    absl::MutexLock lock(&mutex);
    told.push_back(last.value());
  });
  AppendOk("b", "x");
  AppendOk("a.x", "x");
  const uint64_t last = AppendOk("a", "x");
  {
    absl::MutexLock lock(&mutex);
    const auto arrived = [&] { return !told.empty() && told.back() == last; };
    mutex.Await(absl::Condition(&arrived));
    for (size_t i = 1; i < told.size(); ++i) EXPECT_LT(told[i - 1], told[i]);
  }
  watch.reset();
  AppendOk("a", "x");
  absl::MutexLock lock(&mutex);
  EXPECT_EQ(told.back(), last);
}

TEST_P(MessageStoreTest, WhatIsToldCanBeRead) {
  std::atomic<uint64_t> told{0};
  auto watch = messages().WatchNews(Pattern::All(), [&](std::string_view, Sequence last) { told = last.value(); });
  for (uint64_t i = 1; i <= 50; ++i) {
    messages().Append(std::vector<NewMessage>{Message("a", "x")}, [](store::AppendOutcome) {});
    while (told < i) std::this_thread::yield();
    EXPECT_EQ(Read("a", i - 1)->messages.size(), 1u);
  }
}

TEST_P(MessageStoreTest, SubjectsAreListedPageByPage) {
  for (const char* subject : {"b", "a.x", "a", "c"}) AppendOk(subject, "12345");
  AppendOk("a", "678");
  const auto list = [&](const std::string& pattern, uint32_t size, const std::string& after) {
    std::vector<std::string> names;
    const auto states = WaitFor<absl::StatusOr<std::vector<store::SubjectState>>>([&](auto done) {
      messages().Subjects(*Pattern::Parse(pattern), {size, after}, std::move(done));
    });
    for (const auto& state : *states) names.push_back(state.subject);
    return names;
  };
  EXPECT_THAT(list("*", 3, ""), ElementsAre("a", "a.x", "b"));
  EXPECT_THAT(list("*", 3, "b"), ElementsAre("c"));
  EXPECT_THAT(list("a.*", 10, ""), ElementsAre("a", "a.x"));
  const auto states = WaitFor<absl::StatusOr<std::vector<store::SubjectState>>>(
      [&](auto done) { messages().Subjects(Pattern::Exact("a"), {}, std::move(done)); });
  ASSERT_THAT(*states, SizeIs(1));
  const store::SubjectState& state = states->front();
  EXPECT_EQ(state.first, Sequence(3));
  EXPECT_EQ(state.last, Sequence(5));
  EXPECT_EQ(state.messages, 2u);
  EXPECT_EQ(state.bytes, 8u);
  EXPECT_LE(state.first_time, state.last_time);
}

TEST_P(MessageStoreTest, InfoCounts) {
  AppendOk("a", "123");
  AppendOk("b", "45");
  const auto info = *WaitFor<absl::StatusOr<store::StoreInfo>>([&](auto done) { messages().Info(std::move(done)); });
  EXPECT_EQ(info.messages, 2u);
  EXPECT_EQ(info.bytes, 5u);
  EXPECT_EQ(info.last_sequence, Sequence(2));
  EXPECT_FALSE(info.kind.empty());
}

// Visible order is sequence order: a reader that goes on from the last message that it saw misses none.
TEST_P(MessageStoreTest, AReaderUnderConcurrentAppendsMissesNothing) {
  constexpr int kThreads = 4, kEach = 200;
  std::vector<std::thread> writers;
  std::atomic<bool> failed{false};
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string payload = std::to_string(t) + ":" + std::to_string(i);
        if (!Append({Message("a", payload), Message("b", payload)}).status.ok()) failed = true;
      }
    });
  }
  std::set<std::string> seen;
  uint64_t after = 0;
  while (seen.size() < kThreads * kEach && !failed) {
    const auto block = Read("a", after, 7);
    for (const StoredMessage& message : block->messages) {
      EXPECT_GT(message.sequence.value(), after);
      after = message.sequence.value();
      EXPECT_TRUE(seen.insert(std::string(message.payload)).second);
    }
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_FALSE(failed);
}

TEST_P(MessageStoreTest, ABatchBecomesVisibleAtOnce) {
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) Append(std::vector<NewMessage>(5, Message("a", "x")));
    done = true;
  });
  while (!done) EXPECT_EQ(Last("a") % 5, 0u);
  writer.join();
}

TEST_P(MessageStoreTest, AfterShutdownCallsAreUnavailable) {
  AppendOk("a", "x");
  messages().Shutdown();
  EXPECT_TRUE(absl::IsUnavailable(Append({Message("a", "x")}).status));
  EXPECT_TRUE(absl::IsUnavailable(Advance({"c", "a"}, 1).status()));
}

}  // namespace mts::conformance
