#include "broker/fetcher.h"

#include <thread>

#include "absl/time/clock.h"
#include "broker/broker_fixture.h"

namespace mts::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kLong = 30'000'000;

class FetcherTest : public BrokerFixture {};

TEST_F(FetcherTest, APositionDecidesWhereAConsumerReads) {
  for (const char* payload : {"1", "2", "3", "4"}) PublishOk("a", payload);
  EXPECT_THAT(Payloads(Fetch(From("a", "c", 2))), ElementsAre("1", "2"));
  EXPECT_THAT(Payloads(Fetch(From("a", "c", 2))), ElementsAre("1", "2"));
  EXPECT_TRUE(Acknowledge("a", "c", 2).ok());
  EXPECT_THAT(Payloads(Fetch(From("a", "c", 2))), ElementsAre("3", "4"));
  EXPECT_THAT(Payloads(Fetch(From("a", "other", 1))), ElementsAre("1"));
}

TEST_F(FetcherTest, AcknowledgingIsMonotonicAndBounded) {
  PublishOk("a", "1");
  PublishOk("a", "2");
  EXPECT_EQ(*Acknowledge("a", "c", 2), Sequence(2));
  EXPECT_EQ(*Acknowledge("a", "c", 1), Sequence(2));
  EXPECT_TRUE(absl::IsOutOfRange(Acknowledge("a", "c", 3).status()));
  EXPECT_EQ(Acknowledge("a", "", 1).status().message(), "durable_name cannot be empty");
  EXPECT_EQ(Acknowledge("", "c", 1).status().message(), "subject cannot be empty");
}

TEST_F(FetcherTest, APatternReadsInTheOneOrder) {
  PublishOk("a.x", "1");
  PublishOk("b", "2");
  PublishOk("a.y", "3");
  PublishOk("a", "4");
  EXPECT_THAT(Payloads(Fetch(From("a.*"))), ElementsAre("1", "3", "4"));
  EXPECT_THAT(Payloads(Fetch(From("*", "c"))), ElementsAre("1", "2", "3", "4"));
}

TEST_F(FetcherTest, StartsWhereItIsTold) {
  for (const char* payload : {"1", "2", "3"}) PublishOk("a", payload);
  FetchOptions options = From("a");
  options.start.after_sequence = Sequence(2);
  EXPECT_THAT(Payloads(Fetch(options)), ElementsAre("3"));
  options.start = {};
  options.start.newest = true;
  EXPECT_THAT(Payloads(Fetch(options)), IsEmpty());
  options.start = {};
  options.start.time = Timestamp(0);
  EXPECT_THAT(Payloads(Fetch(options)), ElementsAre("1", "2", "3"));
}

TEST_F(FetcherTest, AConsumerThatBeginsAtTheNewestMissesNothingAfterwards) {
  PublishOk("a", "old");
  FetchOptions options = From("a", "c");
  options.start.newest = true;
  EXPECT_THAT(Payloads(Fetch(options)), IsEmpty());
  PublishOk("a", "new");
  EXPECT_THAT(Payloads(Fetch(options)), ElementsAre("new"));
}

TEST_F(FetcherTest, AutoAcknowledgeMovesThePositionWithTheAnswer) {
  for (const char* payload : {"1", "2", "3"}) PublishOk("a", payload);
  FetchOptions options = From("a", "c", 2);
  options.auto_ack = true;
  EXPECT_THAT(Payloads(Fetch(options)), ElementsAre("1", "2"));
  EXPECT_THAT(Payloads(Fetch(options)), ElementsAre("3"));
  EXPECT_THAT(Payloads(Fetch(options)), IsEmpty());
}

TEST_F(FetcherTest, WaitsForTheFirstMessage) {
  FetchOptions options = From("a");
  options.wait_micros = kLong;
  absl::Notification fetched;
  absl::StatusOr<Deliveries> result;
  broker_->fetcher().Fetch(options, [&](absl::StatusOr<Deliveries> deliveries) {
    result = std::move(deliveries);
    fetched.Notify();
  });
  PublishOk("b", "not this");
  EXPECT_FALSE(fetched.HasBeenNotified());
  PublishOk("a", "this");
  fetched.WaitForNotification();
  EXPECT_THAT(Payloads(result), ElementsAre("this"));
}

TEST_F(FetcherTest, ManyWaitersAndPublishersLoseNothing) {
  constexpr int kRounds = 300;
  std::thread publisher([&] {
    for (int i = 0; i < kRounds; ++i) PublishOk("a", std::to_string(i));
  });
  uint64_t after = 0;
  while (after < kRounds) {
    FetchOptions options = From("a", "", 7);
    options.start.after_sequence = Sequence(after);
    options.wait_micros = kLong;
    const auto deliveries = Fetch(options);
    ASSERT_TRUE(deliveries.ok());
    ASSERT_FALSE(deliveries->messages.empty());
    for (const Delivery& delivery : deliveries->messages) EXPECT_EQ(delivery.message.sequence.value(), ++after);
  }
  publisher.join();
}

TEST_F(FetcherTest, AWaitEndsAtItsTime) {
  FetchOptions options = From("a");
  options.wait_micros = 20'000;
  const absl::Time begin = absl::Now();
  EXPECT_THAT(Payloads(Fetch(options)), IsEmpty());
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(19));
}

TEST_F(FetcherTest, AWaitCanBeCancelledAndEndsAtShutdown) {
  FetchOptions options = From("a");
  options.wait_micros = kLong;
  std::optional<absl::Status> first, second;
  const CancelFetch cancel =
      broker_->fetcher().Fetch(options, [&](absl::StatusOr<Deliveries> result) { first = result.status(); });
  cancel();
  cancel();
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(absl::IsCancelled(*first));
  broker_->fetcher().Fetch(options, [&](absl::StatusOr<Deliveries> result) { second = result.status(); });
  broker_->EndWaits();
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(absl::IsUnavailable(*second));
}

TEST_F(FetcherTest, PayloadsOverTheLimitAreDeferred) {
  PublishOk("a", std::string(50, 'i'));
  PublishOk("a", std::string(200, 'f'));
  FetchOptions options = From("a");
  options.max_inline_bytes = 49;
  const auto deliveries = Fetch(options);
  ASSERT_TRUE(deliveries.ok());
  for (const Delivery& delivery : deliveries->messages) {
    EXPECT_EQ(delivery.status, PayloadStatus::kDeferred);
    EXPECT_EQ(delivery.data(), "");
  }
  EXPECT_EQ(deliveries->messages[0].message.size, 50u);
  EXPECT_EQ(deliveries->messages[1].message.size, 200u);
}

TEST_F(FetcherTest, MissingAndCorruptPayloadsAreMarkedAndBlockNobody) {
  PublishOk("a", std::string(200, '1'));
  PublishOk("a", std::string(200, '2'));
  PublishOk("a", "fine");
  payloads_.Lose("payload1");
  payloads_.Damage("payload2");
  const auto deliveries = Fetch(From("a", "c"));
  ASSERT_TRUE(deliveries.ok());
  ASSERT_EQ(deliveries->messages.size(), 3u);
  EXPECT_EQ(deliveries->messages[0].status, PayloadStatus::kMissing);
  EXPECT_EQ(deliveries->messages[1].status, PayloadStatus::kCorrupt);
  EXPECT_EQ(deliveries->messages[2].data(), "fine");
}

TEST_F(FetcherTest, OnUnreadableFailDeliversWhatComesBeforeAndThenFails) {
  Options options;
  options.on_unreadable = OnUnreadable::kFail;
  Open(options);
  PublishOk("a", "fine");
  PublishOk("a", std::string(200, 'x'));
  payloads_.Lose("payload1");
  EXPECT_THAT(Payloads(Fetch(From("a", "c"))), ElementsAre("fine"));
  EXPECT_TRUE(Acknowledge("a", "c", 1).ok());
  EXPECT_TRUE(absl::IsDataLoss(Fetch(From("a", "c")).status()));
}

TEST_F(FetcherTest, TheEncodedSizeBoundsAFetchButOneMessageAlwaysFits) {
  for (int i = 0; i < 5; ++i) PublishOk("a", std::string(i == 0 ? 500 : 30, 'x'));
  FetchOptions options = From("a", "c");
  options.encoded_size = [](const Delivery&, uint64_t data_size) -> uint64_t { return data_size + 10; };
  options.max_bytes = 100;
  EXPECT_EQ(Fetch(options)->messages.size(), 1u);
  EXPECT_TRUE(Acknowledge("a", "c", 1).ok());
  const auto deliveries = Fetch(options);
  EXPECT_EQ(deliveries->messages.size(), 2u);
  EXPECT_EQ(deliveries->scanned_through, Sequence(3));
}

TEST_F(FetcherTest, MemoryForPayloadsIsBounded) {
  Options options;
  options.payload_memory_bytes = 300;
  Open(options);
  for (int i = 0; i < 4; ++i) PublishOk("a", std::string(200, 'x'));
  auto held = Fetch(From("a", "", 1));
  ASSERT_EQ(held->messages.size(), 1u);
  EXPECT_TRUE(absl::IsResourceExhausted(Fetch(From("a", "", 1)).status()));
  held = absl::CancelledError();
  EXPECT_EQ(Fetch(From("a", "", 4))->messages.size(), 1u);  // what fits
}

TEST_F(FetcherTest, ManyPayloadsOfThePayloadStoreInOneFetchDoNotGrowTheStack) {
  store_options_.inline_limit = 0;
  store_options_.max_inline_batch_bytes = 0;
  Open({});
  std::vector<NewMessage> batch(10'000, Message("a", "x"));
  ASSERT_TRUE(PublishBatch(batch).status.ok());
  EXPECT_EQ(Fetch(From("a", "", 10'000))->messages.size(), 10'000u);
}

TEST_F(FetcherTest, ObjectsThatClientsNamedAreReadWhateverTheirSize) {
  payloads_.PutNamed("mine", std::string(300, 'n'));
  PayloadReference reference{.kind = PayloadKind::kNamed, .key = "mine"};
  const NewMessage message = Message("a", "");
  const auto published = WaitFor<absl::StatusOr<Published>>(
      [&](auto done) { broker_->publisher().PublishReference(message, reference, std::move(done)); });
  ASSERT_TRUE(published.ok());
  EXPECT_EQ(published->object_name, "mine");
  EXPECT_THAT(Payloads(Fetch(From("a"))), ElementsAre(std::string(300, 'n')));
  FetchOptions options = From("a");
  options.max_inline_bytes = 299;
  EXPECT_EQ(Fetch(options)->messages[0].status, PayloadStatus::kDeferred);
}

TEST_F(FetcherTest, OneMessageByItsSequence) {
  PublishOk("a", "1");
  PublishOk("b", std::string(200, '2'));
  const auto get = [&](std::string_view subject, uint64_t sequence) {
    return WaitFor<absl::StatusOr<Deliveries>>(
        [&](auto done) { broker_->fetcher().GetMessage(subject, Sequence(sequence), UINT64_MAX, std::move(done)); });
  };
  EXPECT_THAT(Payloads(get("a", 1)), ElementsAre("1"));
  EXPECT_THAT(Payloads(get("", 2)), ElementsAre(std::string(200, '2')));
  EXPECT_TRUE(absl::IsNotFound(get("a", 2).status()));
  EXPECT_TRUE(absl::IsNotFound(get("a", 3).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(get("a b", 1).status()));
}

}  // namespace
}  // namespace mts::broker
