// A real MinIO behind a network that is slow and breaks, and a MinIO that is killed.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "absl/synchronization/blocking_counter.h"
#include "base/crc32c.h"
#include "base/limits.h"
#include "tests/s3/s3_fixture.h"
#include "tests/servers/tcp_proxy.h"

namespace mts::testing {
namespace {

using limits::kKiB;
using limits::kMiB;
using store::S3Payloads;

class S3FaultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = S3Server::Start(S3Kind::kMinio);
    if (absl::IsNotFound(server.status())) GTEST_SKIP() << server.status().message();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    proxy_ = std::make_unique<TcpProxy>(server_->port());
    options_ = OptionsFor(proxy_->endpoint());
    options_.stall_timeout_micros = 1'000'000;
    Reopen();
    ASSERT_TRUE(store_->EnsureBucket().ok());
  }
  void TearDown() override { store_.reset(); }

  void Reopen() { store_ = *S3Payloads::Open(options_); }

  // Without the proxy and without anything in memory.
  void ExpectReadable(const PayloadReference& reference, std::string_view payload) {
    auto options = options_;
    options.endpoint = server_->endpoint();
    auto fresh = S3Payloads::Open(options);
    const auto read = Get(**fresh, reference);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(*read == payload);
  }

  std::unique_ptr<S3Server> server_;
  std::unique_ptr<TcpProxy> proxy_;
  store::S3Options options_;
  std::unique_ptr<S3Payloads> store_;
};

TEST_F(S3FaultsTest, ConnectionsCutWithinARequestAreTriedAgain) {
  const std::string payload = RandomBytes(2 * kMiB, 1);
  proxy_->CutRequestsAfter(kMiB, 3);
  const auto reference = Put(*store_, payload);
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(proxy_->cuts(), 3u);
  ExpectReadable(*reference, payload);
}

TEST_F(S3FaultsTest, ConnectionsCutWithinAnAnswerAreTakenUpWhereTheyBroke) {
  const std::string payload = RandomBytes(20 * kMiB, 2);
  const auto reference = Put(*store_, payload);
  ASSERT_TRUE(reference.ok()) << reference.status();
  proxy_->CutAnswersAfter(6 * kMiB, 3);
  const uint64_t received_before = store_->statistics().bytes_received;
  const auto read = Get(*store_, *reference);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == payload);
  EXPECT_EQ(proxy_->cuts(), 3u);
  EXPECT_LT(store_->statistics().bytes_received - received_before, 21 * kMiB);  // nothing came twice
}

TEST_F(S3FaultsTest, AnUploadOutlivesCutConnections) {
  const std::string payload = RandomBytes(40 * kMiB + 1, 3);
  proxy_->CutRequestsAfter(5 * kMiB, 4);
  const auto reference = Upload(*store_, payload, kMiB);
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(proxy_->cuts(), 4u);
  ExpectReadable(*reference, payload);
}

TEST_F(S3FaultsTest, ASlowNetworkIsWaitedFor) {
  options_.stall_timeout_micros = 2'000'000;  // longer than to drain what the kernel takes of a body at once
  Reopen();
  proxy_->LimitRate(1024 * kKiB);
  const std::string payload = RandomBytes(3072 * kKiB, 4);  // longer than the time after which a silent one is given up
  const auto reference = Put(*store_, payload);
  ASSERT_TRUE(reference.ok()) << reference.status();
  const auto read = Get(*store_, *reference);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == payload);
  EXPECT_EQ(store_->statistics().retries, 0u);
}

TEST_F(S3FaultsTest, ASilentNetworkIsUnavailableWithinTheDeadlineAndRecovers) {
  options_.request_timeout_micros = 1'500'000;
  Reopen();
  ASSERT_TRUE(Put(*store_, "before").ok());
  proxy_->Stall(true);
  const int64_t begin = SystemClock().MonotonicMicros();
  EXPECT_TRUE(absl::IsUnavailable(Put(*store_, "payload").status()));
  EXPECT_LT(SystemClock().MonotonicMicros() - begin, 3'000'000);
  proxy_->Stall(false);
  const auto after = Put(*store_, "after");
  EXPECT_TRUE(after.ok()) << after.status();
}

TEST_F(S3FaultsTest, RefusedConnectionsAreTriedUntilTheServerIsBack) {
  proxy_->Refuse(true);
  absl::Notification answered;
  absl::StatusOr<PayloadReference> reference;
  const std::string payload = "payload";
  store_->Put("s", payload, [&](absl::StatusOr<PayloadReference> result) {
    reference = std::move(result);
    answered.Notify();
  });
  while (store_->statistics().retries < 3) std::this_thread::yield();
  proxy_->Refuse(false);
  answered.WaitForNotification();
  ASSERT_TRUE(reference.ok()) << reference.status();
  ExpectReadable(*reference, payload);
}

TEST_F(S3FaultsTest, AServerKilledInTheMiddleOfABodyLosesNothingThatWasAnswered) {
  const std::string payload = RandomBytes(60 * kMiB, 5);
  auto upload = store_->BeginUpload("s", 0);
  ASSERT_TRUE(upload.ok());
  absl::Status written;
  for (uint64_t at = 0; at < payload.size() && written.ok(); at += kMiB) {
    if (at == 20 * kMiB) {
      server_->Kill();
      ASSERT_TRUE(server_->Restart().ok());
    }
    written = Wait<absl::Status>([&](auto done) { (*upload)->Write(payload.substr(at, kMiB), std::move(done)); });
  }
  ASSERT_TRUE(written.ok()) << written;
  const auto reference = Wait<absl::StatusOr<PayloadReference>>([&](auto done) { (*upload)->Finish(std::move(done)); });
  ASSERT_TRUE(reference.ok()) << reference.status();
  ExpectReadable(*reference, payload);
}

TEST_F(S3FaultsTest, AServerKilledUnderLoadLosesNothingThatWasAnswered) {
  struct Stored {
    std::string payload;
    absl::StatusOr<PayloadReference> reference;
  };
  constexpr int kPayloads = 6000;
  options_.request_timeout_micros = 120'000'000;  // longer than a restart on a busy machine takes
  Reopen();
  std::deque<Stored> stored;
  absl::BlockingCounter left(kPayloads);
  for (int i = 0; i < kPayloads; ++i) {
    stored.push_back({absl::StrCat("payload ", i, std::string(i % 3000, 'x')), absl::UnknownError("")});
    store_->Put("s", stored.back().payload, [&left, at = &stored.back()](absl::StatusOr<PayloadReference> reference) {
      at->reference = std::move(reference);
      left.DecrementCount();
    });
    if (i % 2000 == 1000) {
      server_->Kill();
      ASSERT_TRUE(server_->Restart().ok());
    }
  }
  left.Wait();
  Reopen();
  int answered = 0;
  for (const Stored& one : stored) {
    if (!one.reference.ok()) continue;
    ++answered;
    const auto read = Get(*store_, *one.reference);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_TRUE(*read == one.payload);
  }
  EXPECT_EQ(answered, kPayloads);  // every outage was shorter than the deadline
}

TEST_F(S3FaultsTest, AServerThatStandsStillHoldsUpOnlyWhoWaitsForIt) {
  options_.request_timeout_micros = 1'000'000;
  Reopen();
  server_->Pause();
  absl::BlockingCounter left(100);
  std::atomic<int> unavailable{0};
  for (int i = 0; i < 100; ++i) {
    store_->Put("s", "payload", [&](const absl::StatusOr<PayloadReference>& reference) {
      unavailable += absl::IsUnavailable(reference.status());
      left.DecrementCount();
    });
  }
  left.Wait();
  EXPECT_EQ(unavailable, 100);
  server_->Resume();
  EXPECT_TRUE(Put(*store_, "payload").ok());
}

}  // namespace
}  // namespace mts::testing
