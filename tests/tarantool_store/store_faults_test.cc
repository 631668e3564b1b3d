// Tarantool killed, restarted, stalled, cut off under load: what was answered is stored once, the rest at most once,
// and everything goes on by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/tarantool/tarantool_store.h"
#include "tests/servers/tarantool_server.h"
#include "tests/servers/tcp_proxy.h"

namespace mts::testing {
namespace {

using ::testing::HasSubstr;

// Appends single messages and small batches in order from several threads, each payload once, and keeps what was
// answered.
class Writers {
 public:
  Writers(store::MessageStore& store, int threads) : store_(store) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, i] { Run(i); });
    }
  }
  ~Writers() { Stop(); }
  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  uint64_t answered() const { return answered_; }
  // Waits until so many more are answered.
  void AwaitMore(uint64_t count) {
    const uint64_t until = answered_ + count;
    while (answered_ < until) std::this_thread::yield();
  }
  std::set<std::string> acknowledged() {
    absl::MutexLock lock(&mutex_);
    return acknowledged_;
  }
  uint64_t unknown() const { return unknown_; }

 private:
  struct Batch {
    std::vector<std::string> payloads;
    absl::Notification answered;
    absl::Status status;
  };

  void Run(int writer) {
    auto order = std::make_shared<store::AppendOrder>();
    for (uint64_t number = 0; !stopping_; ++number) {
      // Three batches of a stream under way at a time.
      std::vector<std::unique_ptr<Batch>> batches;
      for (int i = 0; i < 3; ++i) batches.push_back(Start(order, Concat(writer, ":", number, ":", i), i + 1));
      for (const auto& batch : batches) Finish(*batch);
      if (order->broken()) order = std::make_shared<store::AppendOrder>();
    }
  }
  std::unique_ptr<Batch> Start(const std::shared_ptr<store::AppendOrder>& order, const std::string& name, int size) {
    auto batch = std::make_unique<Batch>();
    for (int i = 0; i < size; ++i) batch->payloads.push_back(Concat(name, ":", i));
    std::vector<NewMessage> messages(batch->payloads.size());
    for (size_t i = 0; i < messages.size(); ++i) {
      messages[i].subject = "load";
      messages[i].payload = batch->payloads[i];
    }
    store_.AppendInOrder(order, messages, [batch = batch.get()](store::AppendOutcome outcome) {
      batch->status = std::move(outcome.status);
      batch->answered.Notify();
    });
    return batch;
  }
  void Finish(Batch& batch) {
    batch.answered.WaitForNotification();
    if (batch.status.ok()) {
      absl::MutexLock lock(&mutex_);
      acknowledged_.insert(batch.payloads.begin(), batch.payloads.end());
      answered_ += batch.payloads.size();
    } else {
      EXPECT_TRUE(absl::IsUnavailable(batch.status)) << batch.status;
      ++unknown_;
    }
  }

  store::MessageStore& store_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> answered_{0};
  std::atomic<uint64_t> unknown_{0};
  absl::Mutex mutex_;
  std::set<std::string> acknowledged_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

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
  absl::StatusOr<store::MessageBlockPtr> Read(const Pattern& pattern, Sequence after) {
    store::ReadRequest request;
    request.pattern = pattern;
    request.after = after;
    request.max_messages = 5000;
    absl::Notification answered;
    absl::StatusOr<store::MessageBlockPtr> block;
    store_->Read(request, [&](absl::StatusOr<store::MessageBlockPtr> got) {
      block = std::move(got);
      answered.Notify();
    });
    answered.WaitForNotification();
    return block;
  }
  // How often each payload is there. Batches must be whole, and those of a stream in order.
  std::map<std::string, int> Stored() {
    std::map<std::string, int> stored;
    for (Sequence after;;) {
      const auto block = Read(Pattern::Exact("load"), after);
      if (!block.ok()) {
        EXPECT_TRUE(absl::IsUnavailable(block.status())) << block.status();
        continue;
      }
      if ((*block)->messages.empty()) return stored;
      for (const StoredMessage& message : (*block)->messages) ++stored[std::string(message.payload)];
      after = (*block)->messages.back().sequence;
    }
  }
  void ExpectNothingLostOrDoubled(Writers& writers) {
    const std::map<std::string, int> stored = Stored();
    for (const auto& [payload, times] : stored) EXPECT_EQ(times, 1) << payload;
    for (const std::string& payload : writers.acknowledged()) EXPECT_EQ(stored.count(payload), 1u) << payload;
    RecordProperty("acknowledged", static_cast<int>(writers.answered()));
    RecordProperty("unknown", static_cast<int>(writers.unknown()));
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
  ExpectNothingLostOrDoubled(writers);
  ASSERT_TRUE(AppendOne("last").ok());
  const auto last = Read(Pattern::Exact("one"), kNoSequence);
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
  ExpectNothingLostOrDoubled(writers);
}

TEST_F(StoreFaultsTest, AStalledConnectionIsAnsweredInTimeAndLeft) {
  Open(1'000'000);
  ASSERT_TRUE(AppendOne("before").ok());
  proxy_->Stall(true);
  const int64_t begin = SystemClock().MonotonicMicros();
  EXPECT_TRUE(absl::IsUnavailable(AppendOne("stalled")));
  EXPECT_TRUE(absl::IsUnavailable(Read(Pattern::All(), kNoSequence).status()));
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
  const auto block = Read(Pattern::Exact("one"), kNoSequence);
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
  ExpectNothingLostOrDoubled(writers);
}

TEST_F(StoreFaultsTest, AWrongPasswordIsTold) {
  Open(300'000, "wrong");
  EXPECT_TRUE(absl::IsUnavailable(AppendOne("x")));
  EXPECT_THAT(std::string(store_->Ready().message()), HasSubstr("user minitoolstream is refused"));
}

}  // namespace
}  // namespace mts::testing
