// The sweep over a real object store: what goes, when, and what stays.

#include "broker/sweeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/blocking_counter.h"
#include "base/crc32c.h"
#include "s3_fixture.h"
#include "store/memory/memory_message_store.h"

namespace mts::testing {
namespace {

constexpr int64_t kGrace = 10'000'000;

class SweeperTest : public ::testing::TestWithParam<S3Kind> {
 protected:
  void SetUp() override {
    absl::Status status;
    S3Server* const server = SharedServer(GetParam(), &status);
    if (server == nullptr) GTEST_SKIP() << status.message();
    options_ = OptionsFor(server->endpoint());
    Open();
  }
  void Open() {
    store_ = *store::S3Payloads::Open(options_);
    ASSERT_TRUE(store_->EnsureBucket().ok());
    sweeper_ = std::make_unique<broker::Sweeper>(messages_, /*index=*/nullptr, *store_, /*rewriter=*/nullptr,
                                                 broker::Sweeper::Options{.grace_micros = kGrace, .clock = &clock_},
                                                 /*start=*/false);
  }
  void Append(const PayloadReference& reference) {
    NewMessage message;
    message.subject = "a";
    message.reference = &reference;
    const auto outcome = Wait<store::AppendOutcome>([&](auto done) {
      messages_.Append({&message, 1}, std::move(done));
    });
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  }
  // The oldest message goes, as the cleaner does it.
  void ExpireOldest(const PayloadReference& reference, uint64_t left) {
    Retention limits;
    limits.max_messages = left;
    ASSERT_TRUE(Wait<absl::StatusOr<bool>>([&](auto done) { messages_.Expire(limits, std::move(done)); }).ok());
    ASSERT_TRUE(Remove(*store_, {reference}).ok());
  }
  uint64_t Sweep() {
    const auto report = sweeper_->SweepOnce();
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->removed : UINT64_MAX;
  }
  bool IsThere(const PayloadReference& reference) { return Get(*store_, reference).ok(); }

  ManualClock clock_;
  store::S3Options options_;
  store::MemoryMessageStore messages_;
  std::unique_ptr<store::S3Payloads> store_;
  std::unique_ptr<broker::Sweeper> sweeper_;
};

INSTANTIATE_TEST_SUITE_P(Servers, SweeperTest, ::testing::Values(S3Kind::kMinio, S3Kind::kSeaweedFs),
                         [](const auto& info) { return info.param == S3Kind::kMinio ? "MinIO" : "SeaweedFS"; });

TEST_P(SweeperTest, WhatNoMessageNamesGoesAfterTheGraceTime) {
  const auto named = *Put(*store_, "named"), orphan = *Put(*store_, "orphan"), late = *Put(*store_, "late");
  Append(named);
  EXPECT_EQ(Sweep(), 0u);
  clock_.Advance(kGrace - 1);
  EXPECT_EQ(Sweep(), 0u);
  Append(late);
  clock_.Advance(1);
  EXPECT_EQ(Sweep(), 1u);
  store_->Shutdown();
  Open();
  EXPECT_FALSE(IsThere(orphan));
  EXPECT_TRUE(IsThere(named));
  EXPECT_TRUE(IsThere(late));
}

TEST_P(SweeperTest, APackGoesWithTheLastMessageThatIsInIt) {
  std::vector<std::string> payloads(50, std::string(1000, 'p'));
  std::vector<PayloadReference> references(payloads.size());
  absl::BlockingCounter stored(static_cast<int>(payloads.size()));
  for (size_t i = 0; i < payloads.size(); ++i) {
    store_->Put("a", payloads[i], [&, i](absl::StatusOr<PayloadReference> reference) {
      references[i] = reference.value_or(PayloadReference());
      stored.DecrementCount();
    });
  }
  stored.Wait();
  const PayloadReference in_pack = references.back();
  ASSERT_TRUE(store_->IsPack(in_pack.key));
  Append(in_pack);
  for (const PayloadReference& reference : references) {
    if (store_->IsPack(reference.key)) continue;
    ASSERT_TRUE(Remove(*store_, {reference}).ok());
  }
  Sweep();
  clock_.Advance(kGrace);
  Sweep();
  EXPECT_TRUE(IsThere(in_pack));
  Retention none;
  none.max_age_micros = 1;
  ASSERT_TRUE(Wait<absl::StatusOr<bool>>([&](auto done) { messages_.Expire(none, std::move(done)); }).ok());
  ASSERT_TRUE(Remove(*store_, {in_pack}).ok());
  EXPECT_TRUE(IsThere(in_pack));
  Sweep();
  clock_.Advance(kGrace);
  Sweep();
  EXPECT_THAT(List(*store_), ::testing::IsEmpty());
}

TEST_P(SweeperTest, AClientsObjectGoesWithTheLastMessageThatNamesIt) {
  RawClient raw(options_);
  ASSERT_TRUE(raw.Put("clients/doc", "text", Crc32c("text")).ok());
  const PayloadReference named = Named("clients/doc");
  Append(named);
  Append(named);
  ExpireOldest(named, 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Sweep(), 0u);
    clock_.Advance(kGrace);
  }
  EXPECT_TRUE(IsThere(named));
  Append(*Put(*store_, "another"));
  ExpireOldest(named, 1);
  EXPECT_EQ(Sweep(), 0u);
  Open();  // a new process begins from what was noted
  EXPECT_EQ(Sweep(), 0u);
  clock_.Advance(kGrace);
  EXPECT_EQ(Sweep(), 1u);
  EXPECT_FALSE(IsThere(named));
  EXPECT_THAT(raw.List({.prefix = "mts/released/", .after = {}, .token = {}})->objects, ::testing::IsEmpty());
}

TEST_P(SweeperTest, ClientsObjectsStayWhereThatIsWanted) {
  options_.remove_named = false;
  Open();
  RawClient raw(options_);
  ASSERT_TRUE(raw.Put("clients/doc", "text", Crc32c("text")).ok());
  ASSERT_TRUE(Remove(*store_, {Named("clients/doc")}).ok());
  Sweep();
  clock_.Advance(kGrace);
  EXPECT_EQ(Sweep(), 0u);
  EXPECT_TRUE(IsThere(Named("clients/doc")));
}

}  // namespace
}  // namespace mts::testing
