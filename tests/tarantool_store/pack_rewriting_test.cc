// Packs most of whose messages are gone, with the real Tarantool and MinIO: what lives in them moves, whatever happens
// meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "broker/broker.h"
#include "broker/pack_rewriter.h"
#include "broker/sweeper.h"
#include "store/tarantool/tarantool_store.h"
#include "tests/s3/s3_fixture.h"
#include "tests/servers/tarantool_server.h"

namespace mts::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kGrace = 600'000'000;
constexpr size_t kPacks = 6;
constexpr size_t kPayloadsOfPack = 100;
constexpr size_t kLivingOfPack = 10;
constexpr size_t kPayloadBytes = 2'000;

// The real store, with something that happens at a put.
class WatchedPacks : public store::PackStore {
 public:
  explicit WatchedPacks(store::PackStore& packs) : packs_(packs) {}
  uint64_t max_pack_bytes() const override { return packs_.max_pack_bytes(); }
  size_t max_pack_payloads() const override { return packs_.max_pack_payloads(); }
  void PutPack(const std::vector<std::string>& payloads,
               absl::AnyInvocable<void(absl::StatusOr<std::vector<PayloadReference>>)> done) override {
    packs_.PutPack(payloads, [this, done = std::move(done)](auto references) mutable {
      after_put();
      if (!then.ok()) return done(then);
      done(std::move(references));
    });
  }

  std::function<void()> after_put = [] {};
  absl::Status then;  // what is answered instead, unless OK

 private:
  store::PackStore& packs_;
};

class PackRewritingTest : public ::testing::Test {
 protected:
  PackRewritingTest() : clock_(SystemClock().Now().value()) {}

  void SetUp() override {
    absl::Status status;
    S3Server* const server = SharedServer(S3Kind::kMinio, &status);
    if (server == nullptr) GTEST_SKIP() << status.message();
    auto tarantool = TarantoolServer::Start();
    if (absl::IsNotFound(tarantool.status())) GTEST_SKIP() << tarantool.status().message();
    ASSERT_TRUE(tarantool.ok()) << tarantool.status();
    tarantool_ = *std::move(tarantool);
    options_ = OptionsFor(server->endpoint());
    payloads_ = *store::S3Payloads::Open(options_);
    ASSERT_TRUE(payloads_->EnsureBucket().ok());
    store::TarantoolOptions metadata;
    metadata.addresses = {tarantool_->address()};
    metadata.user = TarantoolServer::kUser;
    metadata.password = TarantoolServer::kPassword;
    metadata.remove_payloads = [this](const auto& references, auto done) {
      payloads_->Remove(references, std::move(done));
    };
    auto messages = store::TarantoolStore::Open(std::move(metadata));
    ASSERT_TRUE(messages.ok()) << messages.status();
    messages_ = *std::move(messages);
    packs_ = std::make_unique<WatchedPacks>(*payloads_);
    broker_ = std::make_unique<broker::Broker>(*messages_, *payloads_, broker::Options());
    OpenSweeper(limits::kGiB);
  }
  void TearDown() override {
    sweeper_.reset();
    if (broker_ != nullptr) broker_->Shutdown();
    if (messages_ != nullptr) messages_->Shutdown();
  }
  void OpenSweeper(uint64_t bytes_of_sweep) {
    sweeper_.reset();
    rewriter_ = std::make_unique<broker::PackRewriter>(
        *messages_, *payloads_, *packs_,
        broker::PackRewriter::Options{bytes_of_sweep, /*commit_within_micros=*/kGrace / 2, &clock_});
    sweeper_ = std::make_unique<broker::Sweeper>(*messages_, messages_.get(), *payloads_, rewriter_.get(),
                                                 broker::Sweeper::Options{.grace_micros = kGrace, .clock = &clock_},
                                                 /*start=*/false);
  }
  broker::Sweeper::Report Sweep() {
    auto report = sweeper_->SweepOnce();
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(broker::Sweeper::Report());
  }

  static std::string PayloadOf(size_t pack, size_t i) {
    return RandomBytes(kPayloadBytes, static_cast<uint32_t>(1 + pack * kPayloadsOfPack + i));
  }
  // Packs with a message for each payload; those whose payloads lie at the end of their packs come last.
  void PublishPacks() {
    for (size_t pack = 0; pack < kPacks; ++pack) {
      std::vector<std::string> payloads;
      for (size_t i = 0; i < kPayloadsOfPack; ++i) payloads.push_back(PayloadOf(pack, i));
      auto stored = Wait<absl::StatusOr<std::vector<PayloadReference>>>(
          [&](auto done) { payloads_->PutPack(payloads, std::move(done)); });
      ASSERT_TRUE(stored.ok()) << stored.status();
      ASSERT_THAT(*stored, SizeIs(kPayloadsOfPack));
      places_.push_back(*std::move(stored));
    }
    for (size_t pack = 0; pack < kPacks; ++pack) Append(pack, 0, kPayloadsOfPack - kLivingOfPack);
    for (size_t pack = 0; pack < kPacks; ++pack) Append(pack, kPayloadsOfPack - kLivingOfPack, kPayloadsOfPack);
  }
  void Append(size_t pack, size_t begin, size_t end) {
    std::vector<NewMessage> batch;
    for (size_t i = begin; i < end; ++i) {
      batch.emplace_back().subject = "a";
      batch.back().reference = &places_[pack][i];
      order_.push_back(PayloadOf(pack, i));
    }
    const auto outcome = Wait<store::AppendOutcome>([&](auto done) { messages_->Append(batch, std::move(done)); });
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  }
  void LeaveNewest(uint64_t count) {
    Retention limits;
    limits.max_messages = count;
    bool more = true;
    while (more)
      more = Wait<absl::StatusOr<bool>>([&](auto done) { messages_->Expire(limits, std::move(done)); }).value();
  }
  void LeaveMostlyDeadPacks() {
    PublishPacks();
    LeaveNewest(kPacks * kLivingOfPack);
    clock_.Advance(kGrace);
  }

  // The payloads of the messages that are left, as a reader gets them, are the newest that were published.
  void ExpectNewestAreRead(size_t count, const std::vector<size_t>& unreadable = {}) {
    // A reader that remembers nothing.
    const auto payloads = *store::S3Payloads::Open(options_);
    broker::Broker reader(*messages_, *payloads, broker::Options());
    broker::FetchOptions fetch;
    fetch.subject = "a";
    fetch.max_messages = 10'000;
    const auto fetched =
        Wait<absl::StatusOr<broker::Deliveries>>([&](auto done) { reader.fetcher().Fetch(fetch, std::move(done)); });
    ASSERT_TRUE(fetched.ok()) << fetched.status();
    ASSERT_THAT(fetched->messages, SizeIs(count));
    const size_t first = order_.size() - count;
    for (size_t i = 0; i < count; ++i) {
      const broker::Delivery& delivery = fetched->messages[i];
      EXPECT_EQ(delivery.message.sequence.value(), first + i + 1);
      const bool readable = std::find(unreadable.begin(), unreadable.end(), i) == unreadable.end();
      EXPECT_EQ(delivery.status == broker::PayloadStatus::kInline, readable);
      EXPECT_TRUE(!readable || delivery.data() == order_[first + i]) << i;
    }
    reader.Shutdown();
  }
  uint64_t BytesInBucket() {
    uint64_t bytes = 0;
    for (const auto& object : List(*payloads_)) bytes += object.size;
    return bytes;
  }
  std::vector<std::string> Keys() {
    std::vector<std::string> keys;
    for (const auto& object : List(*payloads_)) keys.push_back(object.key);
    return keys;
  }

  ManualClock clock_;
  store::S3Options options_;
  std::unique_ptr<TarantoolServer> tarantool_;
  std::unique_ptr<store::S3Payloads> payloads_;
  std::unique_ptr<store::TarantoolStore> messages_;
  std::unique_ptr<WatchedPacks> packs_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<broker::PackRewriter> rewriter_;
  std::unique_ptr<broker::Sweeper> sweeper_;
  std::vector<std::vector<PayloadReference>> places_;
  std::vector<std::string> order_;  // what was published, in the order of the sequences
};

constexpr size_t kLiving = kPacks * kLivingOfPack;

TEST_F(PackRewritingTest, WhatLivesMovesAndTheRestGivesItsRoomBack) {
  LeaveMostlyDeadPacks();
  const uint64_t before = BytesInBucket();
  EXPECT_EQ(before, kPacks * kPayloadsOfPack * kPayloadBytes);
  ExpectNewestAreRead(kLiving);
  const auto rewritten = Sweep().rewritten;
  EXPECT_EQ(rewritten.packs, kPacks);
  EXPECT_EQ(rewritten.payloads, kLiving);
  EXPECT_EQ(rewritten.bytes, kLiving * kPayloadBytes);
  EXPECT_EQ(rewritten.unreadable, 0u);
  ExpectNewestAreRead(kLiving);
  EXPECT_TRUE(Get(*payloads_, places_[0].back()).ok()) << "who knows the old place still reads there";
  EXPECT_THAT(Keys(), SizeIs(kPacks + 1)) << "all went into one pack";

  EXPECT_EQ(Sweep().removed, 0u);
  clock_.Advance(kGrace);
  const auto second = Sweep();
  EXPECT_EQ(second.removed, kPacks);
  EXPECT_EQ(second.rewritten.packs, 0u);
  clock_.Advance(kGrace);
  const auto third = Sweep();
  EXPECT_EQ(third.removed, 0u);
  EXPECT_EQ(third.unnamed, 0u);
  EXPECT_EQ(third.rewritten.packs, 0u);
  EXPECT_EQ(BytesInBucket(), kLiving * kPayloadBytes);
  ExpectNewestAreRead(kLiving);
  std::cout << before << " bytes in " << kPacks << " packs became " << BytesInBucket() << " in one\n";

  // The last ones of the new pack go with it.
  LeaveNewest(1);
  Append(0, 0, 1);
  LeaveNewest(1);
  ASSERT_EQ(Sweep().unnamed, 1u);
}

TEST_F(PackRewritingTest, WhatIsYoungOrStillMostlyAliveStays) {
  PublishPacks();
  LeaveNewest(kLiving);
  EXPECT_EQ(Sweep().rewritten.packs, 0u) << "younger than the grace time";
  clock_.Advance(kGrace);
  Append(0, 0, kPayloadsOfPack / 4);  // the first pack has more than a quarter again
  EXPECT_EQ(Sweep().rewritten.packs, kPacks - 1);
  clock_.Advance(kGrace);
  Sweep();
  ExpectNewestAreRead(kLiving + kPayloadsOfPack / 4);
}

TEST_F(PackRewritingTest, AMessageThatGoesMeanwhileStaysGone) {
  LeaveMostlyDeadPacks();
  packs_->after_put = [this] {
    // From another process: this one's threads wait.
    store::TarantoolOptions metadata;
    metadata.addresses = {tarantool_->address()};
    metadata.user = TarantoolServer::kUser;
    metadata.password = TarantoolServer::kPassword;
    const auto other = *store::TarantoolStore::Open(std::move(metadata));
    Retention limits;
    limits.max_messages = kLiving - 5;
    EXPECT_TRUE(Wait<absl::StatusOr<bool>>([&](auto done) { other->Expire(limits, std::move(done)); }).ok());
  };
  EXPECT_EQ(Sweep().rewritten.payloads, kLiving - 5);
  ExpectNewestAreRead(kLiving - 5);
  const auto info = Wait<absl::StatusOr<store::StoreInfo>>([&](auto done) { messages_->Info(std::move(done)); });
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->messages, kLiving - 5);
  EXPECT_EQ(info->bytes, (kLiving - 5) * kPayloadBytes);
}

TEST_F(PackRewritingTest, ANewPackWhoseMessagesNeverCameGoesAsAnOrphan) {
  LeaveMostlyDeadPacks();
  packs_->then = absl::UnavailableError("as if the process had died here");
  EXPECT_EQ(Sweep().rewritten.packs, 0u);
  EXPECT_THAT(Keys(), SizeIs(kPacks + 1));
  ExpectNewestAreRead(kLiving);
  OpenSweeper(/*bytes_of_sweep=*/0);  // another process, which only sweeps
  EXPECT_EQ(Sweep().unnamed, 1u);
  clock_.Advance(kGrace);
  EXPECT_EQ(Sweep().removed, 1u);
  EXPECT_THAT(Keys(), SizeIs(kPacks));
  ExpectNewestAreRead(kLiving);
}

TEST_F(PackRewritingTest, AMoveThatComesTooLateForTheGraceTimeIsNotMade) {
  LeaveMostlyDeadPacks();
  packs_->after_put = [this] { clock_.Advance(kGrace / 2 + 1); };
  EXPECT_EQ(Sweep().rewritten.packs, 0u);
  ExpectNewestAreRead(kLiving);
  for (const PayloadReference& place : {places_[0].back(), places_[kPacks - 1].back()}) {
    const auto named = Wait<absl::StatusOr<std::vector<std::string>>>(
        [&](auto done) { messages_->NamedKeys({place.key}, std::move(done)); });
    EXPECT_THAT(named.value(), SizeIs(1));
  }
}

TEST_F(PackRewritingTest, ADamagedPayloadStaysWhereItIs) {
  LeaveMostlyDeadPacks();
  const PayloadReference damaged = places_[0][kPayloadsOfPack - 2];
  {
    RawClient raw(options_);
    auto object = raw.Get(damaged.key, 0, UINT64_MAX);
    ASSERT_TRUE(object.ok()) << object.status();
    object->bytes[damaged.offset + 7] ^= 1;
    ASSERT_TRUE(raw.Put(damaged.key, object->bytes, Crc32c(object->bytes)).ok());
  }
  const size_t position = kLivingOfPack - 2;  // of those that are left
  ExpectNewestAreRead(kLiving, {position});
  const auto rewritten = Sweep().rewritten;
  EXPECT_EQ(rewritten.unreadable, 1u);
  EXPECT_EQ(rewritten.payloads, kLiving - 1);
  ExpectNewestAreRead(kLiving, {position});
  Sweep();
  clock_.Advance(kGrace);
  const auto later = Sweep();
  EXPECT_EQ(later.removed, kPacks - 1);
  EXPECT_EQ(later.rewritten.payloads, 0u);
  EXPECT_EQ(later.rewritten.unreadable, 1u);
  EXPECT_THAT(Keys(), ::testing::Contains(damaged.key));
  ExpectNewestAreRead(kLiving, {position});
}

TEST_F(PackRewritingTest, OneSweepMovesNoMoreThanItMay) {
  LeaveMostlyDeadPacks();
  OpenSweeper(/*bytes_of_sweep=*/kLivingOfPack * kPayloadBytes + 1);
  size_t sweeps = 0;
  while (Sweep().rewritten.packs == 2) ++sweeps;
  EXPECT_EQ(sweeps, kPacks / 2);
  ExpectNewestAreRead(kLiving);
}

}  // namespace
}  // namespace mts::testing
