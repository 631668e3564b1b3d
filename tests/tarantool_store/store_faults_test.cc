// Tarantool killed, restarted, stalled, cut off under load: what was answered is stored once, the rest at most once,
// and everything goes on by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/tarantool/tarantool_store.h"
#include "tests/servers/tarantool_server.h"
#include "tests/servers/tcp_proxy.h"
#include "tests/tarantool_store/store_load.h"

namespace mts::testing {
namespace {

using ::testing::HasSubstr;

class StoreFaultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = TarantoolServer::Start();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    proxy_ = std::make_unique<TcpProxy>(server_->port());
  }
  void TearDown() override {
    if (proxy_ != nullptr) proxy_->Stall(false);
    store_.reset();
  }
  void Open(int64_t call_timeout_micros, const std::string& password = TarantoolServer::kPassword) {
    store::TarantoolOptions options;
    options.addresses = {proxy_->endpoint().substr(std::string("http://").size())};
    options.user = TarantoolServer::kUser;
    options.password = password;
    options.call_timeout_micros = call_timeout_micros;
    options.connect_timeout_micros = 1'000'000;
    options.inline_limit = limits::kInlineLimit;
    auto store = store::TarantoolStore::Open(std::move(options));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  absl::Status AppendOne(const std::string& payload) {
    NewMessage message;
    message.subject = "one";
    message.payload = payload;
    absl::Notification answered;
    absl::Status status;
    store_->Append(absl::Span<const NewMessage>(&message, 1), [&](const store::AppendOutcome& outcome) {
      status = outcome.status;
      answered.Notify();
    });
    answered.WaitForNotification();
    return status;
  }
  std::unique_ptr<TarantoolServer> server_;
  std::unique_ptr<TcpProxy> proxy_;
  std::unique_ptr<store::TarantoolStore> store_;
};

TEST_F(StoreFaultsTest, KilledAndRestartedUnderLoadNothingIsLostOrDoubled) {
  Open(20'000'000);
  std::atomic<uint64_t> told{0};
  auto watch = store_->WatchNews(Pattern::All(), [&](std::string_view, Sequence last) { told = last.value(); });
  Writers writers(*store_, 4);
  for (int round = 0; round < 3; ++round) {
    writers.AwaitMore(500);
    server_->Kill();
    server_->Launch();
    ASSERT_TRUE(server_->WaitUntilReady().ok()) << server_->Log();
  }
  writers.AwaitMore(500);
  writers.Stop();
  // The calls have more time than a restart takes, so nobody learns of it.
  EXPECT_EQ(writers.unknown(), 0u);
  ExpectNothingLostOrDoubled(*store_, writers);
  ASSERT_TRUE(AppendOne("last").ok());
  const auto last = ReadFrom(*store_, Pattern::Exact("one"), kNoSequence);
  ASSERT_TRUE(last.ok());
  while (told < (*last)->messages.back().sequence.value()) std::this_thread::yield();
}

TEST_F(StoreFaultsTest, ConnectionsCutAnywhereUnderLoadLoseAndDoubleNothing) {
  Open(20'000'000);
  const uint32_t seed = std::random_device()();
  std::mt19937 random(seed);
  SCOPED_TRACE(Concat("seed ", seed));
  Writers writers(*store_, 4);
  for (int round = 0; round < 8; ++round) {
    writers.AwaitMore(50);
    const uint64_t cuts = proxy_->cuts();
    const uint64_t bytes = random() % 20'000;
    round % 2 == 0 ? proxy_->CutRequestsAfter(bytes, 1) : proxy_->CutAnswersAfter(bytes, 1);
    while (proxy_->cuts() == cuts) std::this_thread::yield();
  }
  writers.AwaitMore(50);
  writers.Stop();
  EXPECT_EQ(writers.unknown(), 0u);
  ExpectNothingLostOrDoubled(*store_, writers);
}

TEST_F(StoreFaultsTest, AStalledConnectionIsAnsweredInTimeAndLeft) {
  Open(1'000'000);
  ASSERT_TRUE(AppendOne("before").ok());
  proxy_->Stall(true);
  const int64_t begin = SystemClock().MonotonicMicros();
  EXPECT_TRUE(absl::IsUnavailable(AppendOne("stalled")));
  EXPECT_TRUE(absl::IsUnavailable(ReadFrom(*store_, Pattern::All(), kNoSequence).status()));
  EXPECT_LT(SystemClock().MonotonicMicros() - begin, 4'000'000);
  while (store_->Ready().ok()) std::this_thread::yield();
  proxy_->Stall(false);
  while (!AppendOne("after").ok()) {
  }
  EXPECT_TRUE(store_->Ready().ok());
}

TEST_F(StoreFaultsTest, ASlowConnectionCarriesLongAnswers) {
  Open(30'000'000);
  ASSERT_TRUE(AppendOne(std::string(limits::kInlineLimit, 'x')).ok());
  proxy_->LimitRate(512 * 1024);
  const auto block = ReadFrom(*store_, Pattern::Exact("one"), kNoSequence);
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_EQ((*block)->messages[0].payload.size(), limits::kInlineLimit);
}

TEST_F(StoreFaultsTest, AStoppedTarantoolGoesOnWithWhatItWasAsked) {
  Open(20'000'000);
  Writers writers(*store_, 2);
  writers.AwaitMore(50);
  server_->Pause();
  const uint64_t before = writers.answered();
  while (store_->Ready().ok()) std::this_thread::yield();
  EXPECT_LE(writers.answered(), before + 100);
  server_->Resume();
  writers.AwaitMore(50);
  writers.Stop();
  ExpectNothingLostOrDoubled(*store_, writers);
}

TEST_F(StoreFaultsTest, AWrongPasswordIsTold) {
  Open(300'000, "wrong");
  EXPECT_TRUE(absl::IsUnavailable(AppendOne("x")));
  EXPECT_THAT(std::string(store_->Ready().message()), HasSubstr("user minitoolstream is refused"));
}

}  // namespace
}  // namespace mts::testing
