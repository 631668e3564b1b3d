// The store against a server that answers as each test says; what the real functions do is tested in
// tests/conformance and tests/tarantool.
#include "store/tarantool/tarantool_store.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "base/limits.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "iproto/msgpack_values.h"
#include "iproto/scripted_server.h"
#include "store/tarantool/answer.h"

namespace mts::store {
namespace {

using iproto::Array;
using iproto::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Asked = ScriptedServer::Asked;

constexpr char kPassword[] = "secret";

iproto::Raw Wrapped(const iproto::Raw& value) { return Array(value); }
std::string HelloAnswer(bool writable, uint64_t visible) {
  return Wrapped(Array(0, 1, writable, visible, "instance", "commit", 1048576, 33554432)).bytes;
}

// What one call of mts.append asked for.
struct AppendCall {
  struct Batch {
    uint64_t stream = 0;
    std::vector<std::string> payloads;
  };
  std::vector<Batch> batches;
  std::string caller;
  uint64_t call = 0;

  size_t messages() const {
    size_t count = 0;
    for (const Batch& batch : batches) count += batch.payloads.size();
    return count;
  }
};

AppendCall Decode(std::string_view arguments) {
  AppendCall call;
  AnswerReader reader = AnswerReader(arguments, 1).Array();
  AnswerReader batches = reader.Array();
  while (batches.left() > 0) {
    AnswerReader batch = batches.Array();
    call.batches.emplace_back().stream = batch.Unsigned();
    AnswerReader messages = batch.Array();
    while (messages.left() > 0) {
      AnswerReader message = messages.Array();
      message.Text();
      message.EncodedMap();
      message.OptionalText();
      message.OptionalUnsigned();
      EXPECT_EQ(message.Unsigned(), 0u);
      call.batches.back().payloads.emplace_back(message.Text());
    }
  }
  call.caller = reader.Text();
  call.call = reader.Unsigned();
  EXPECT_TRUE(reader.ok() && batches.ok());
  return call;
}

// Stores in memory what is appended, as often as it is asked to unless it knows the call.
class FakeTarantool {
 public:
  FakeTarantool() : server_([this](const Asked& asked) { OnCall(asked); }, kPassword) {}

  std::string address() const { return server_.address(); }

  // While held, appends are not answered.
  void Hold() {
    absl::MutexLock lock(&mutex_);
    holding_ = true;
  }
  void LetGo() {
    absl::MutexLock lock(&mutex_);
    holding_ = false;
    for (const auto& [asked, call] : std::exchange(held_, {})) asked.Answer(Execute(call));
  }
  // The next append is stored, and its answer is lost with the connection.
  void LoseNextAnswer() { lose_next_ = true; }
  // Every append is refused as a whole with this status; 0: none.
  void RefuseWith(uint64_t status) { refuse_with_ = status; }
  void AnswerAllWith(std::string garbage) {
    absl::MutexLock lock(&mutex_);
    garbage_ = std::move(garbage);
  }
  void SetWrapped(bool wrapped) { wrapped_ = wrapped; }

  std::vector<AppendCall> calls() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  std::vector<std::string> stored() {
    absl::MutexLock lock(&mutex_);
    return stored_;
  }
  void AwaitCalls(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto arrived = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_.size() >= count; };
    mutex_.Await(absl::Condition(&arrived));
  }
  std::function<void(const Asked&)> on_wait;

 private:
  void OnCall(const Asked& asked) {
    if (asked.function == "mts.hello") return asked.Answer(HelloAnswer(true, 0));
    absl::MutexLock lock(&mutex_);
    if (!garbage_.empty()) return asked.Answer(garbage_);
    if (asked.function == "mts.wait") return on_wait(asked);
    if (asked.function != "mts.append") return asked.Refuse(iproto::ErrorCode::kNoSuchProcedure, "not defined");
    calls_.push_back(Decode(asked.arguments));
    if (lose_next_.exchange(false)) {
      Execute(calls_.back());
      asked.channel->Send("\xC1", 1, 0);  // ends the connection on the client's side
    } else if (holding_) {
      held_.emplace_back(asked, calls_.back());
    } else {
      asked.Answer(Execute(calls_.back()));
    }
  }

  std::string Execute(const AppendCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (const auto known = known_.find(call.call); known != known_.end()) return known->second;
    std::string results;
    msgpack::AppendArray(results, call.batches.size());
    for (const AppendCall::Batch& batch : call.batches) {
      if (refuse_with_ != 0) {
        results += Array(refuse_with_.load(), "refused").bytes;
        continue;
      }
      const uint64_t first = stored_.size() + 1;
      stored_.insert(stored_.end(), batch.payloads.begin(), batch.payloads.end());
      results += Array(0, first, stored_.size(), Array()).bytes;
    }
    iproto::Raw answer = Array(0, iproto::Raw{results});
    if (wrapped_) answer = Wrapped(answer);
    if (refuse_with_ == 0) known_[call.call] = answer.bytes;
    return answer.bytes;
  }

  absl::Mutex mutex_;
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::pair<Asked, AppendCall>> held_ ABSL_GUARDED_BY(mutex_);
  std::vector<AppendCall> calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> stored_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, std::string> known_ ABSL_GUARDED_BY(mutex_);
  std::string garbage_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> lose_next_{false};
  std::atomic<bool> wrapped_{true};
  std::atomic<uint64_t> refuse_with_{0};
  ScriptedServer server_;
};

struct Answered {
  absl::Notification given;
  AppendOutcome outcome;
  const AppendOutcome& Wait() {
    given.WaitForNotification();
    return outcome;
  }
};

class TarantoolStoreTest : public ::testing::Test {
 protected:
  void Open(std::vector<std::string> addresses, int64_t call_timeout_micros = 20'000'000) {
    TarantoolOptions options;
    options.addresses = std::move(addresses);
    options.user = ScriptedServer::kUser;
    options.password = kPassword;
    options.call_timeout_micros = call_timeout_micros;
    options.inline_limit = 1000;
    auto store = TarantoolStore::Open(std::move(options));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  std::shared_ptr<Answered> Append(const std::string& payload, const std::shared_ptr<AppendOrder>& order = nullptr) {
    auto answered = std::make_shared<Answered>();
    NewMessage message;
    message.subject = "a";
    message.payload = payload;
    const auto done = [answered](AppendOutcome outcome) {
      answered->outcome = std::move(outcome);
      answered->given.Notify();
    };
    const absl::Span<const NewMessage> batch(&message, 1);
    order == nullptr ? store_->Append(batch, done) : store_->AppendInOrder(order, batch, done);
    return answered;
  }

  FakeTarantool tarantool_;
  std::unique_ptr<TarantoolStore> store_;
};

TEST_F(TarantoolStoreTest, AppendsThatArriveTogetherLeaveTogether) {
  Open({tarantool_.address()});
  tarantool_.Hold();
  std::vector<std::shared_ptr<Answered>> answers;
  for (int i = 0; i < 1000; ++i) answers.push_back(Append(std::to_string(i)));
  tarantool_.AwaitCalls(1);
  tarantool_.LetGo();
  for (auto& answer : answers) EXPECT_TRUE(answer->Wait().status.ok());
  EXPECT_THAT(tarantool_.stored(), SizeIs(1000));
  EXPECT_LT(tarantool_.calls().size(), 100u);
}

TEST_F(TarantoolStoreTest, BothShapesOfRepliesAreRead) {
  Open({tarantool_.address()});
  for (const bool wrapped : {true, false}) {
    tarantool_.SetWrapped(wrapped);
    EXPECT_TRUE(Append("x")->Wait().status.ok());
  }
}

TEST_F(TarantoolStoreTest, BatchesOfAStreamKeepTheirOrder) {
  Open({tarantool_.address()});
  const auto order = std::make_shared<AppendOrder>();
  tarantool_.Hold();
  const auto first = Append("first", order);
  tarantool_.AwaitCalls(1);
  const auto second = Append("second", order), third = Append("third", order);
  const auto other = Append("other");
  // The one without an order passes those that wait for the first.
  tarantool_.AwaitCalls(2);
  EXPECT_THAT(tarantool_.calls()[1].batches, SizeIs(1));
  EXPECT_THAT(tarantool_.calls()[1].batches[0].payloads, ElementsAre("other"));
  tarantool_.LetGo();
  EXPECT_TRUE(third->Wait().status.ok());
  const AppendCall last = tarantool_.calls().back();
  ASSERT_THAT(last.batches, SizeIs(2));
  EXPECT_NE(last.batches[0].stream, 0u);
  EXPECT_EQ(last.batches[0].stream, last.batches[1].stream);
  EXPECT_THAT(tarantool_.stored(), ElementsAre("first", "other", "second", "third"));
}

TEST_F(TarantoolStoreTest, BehindARefusalThatMayBeTriedAgainNothingOfTheStreamIsStored) {
  Open({tarantool_.address()});
  const auto order = std::make_shared<AppendOrder>();
  tarantool_.Hold();
  const auto first = Append("first", order);
  tarantool_.AwaitCalls(1);
  const auto second = Append("second", order);
  tarantool_.RefuseWith(8);
  tarantool_.LetGo();
  EXPECT_TRUE(absl::IsResourceExhausted(first->Wait().status));
  EXPECT_TRUE(absl::IsUnavailable(second->Wait().status));
  tarantool_.RefuseWith(0);
  EXPECT_TRUE(absl::IsUnavailable(Append("third", order)->Wait().status));
  EXPECT_TRUE(Append("another stream", std::make_shared<AppendOrder>())->Wait().status.ok());
  EXPECT_THAT(tarantool_.stored(), ElementsAre("another stream"));
}

TEST_F(TarantoolStoreTest, ARefusedConditionStopsNothingBehindIt) {
  Open({tarantool_.address()});
  const auto order = std::make_shared<AppendOrder>();
  tarantool_.RefuseWith(9);
  EXPECT_TRUE(absl::IsFailedPrecondition(Append("first", order)->Wait().status));
  tarantool_.RefuseWith(0);
  EXPECT_TRUE(Append("second", order)->Wait().status.ok());
}

TEST_F(TarantoolStoreTest, AnAppendWhoseAnswerWasLostIsAskedAgainByItsNumberAndStoredOnce) {
  Open({tarantool_.address()});
  EXPECT_TRUE(Append("before")->Wait().status.ok());
  tarantool_.LoseNextAnswer();
  const auto answer = Append("lost");
  ASSERT_TRUE(answer->Wait().status.ok()) << answer->Wait().status;
  EXPECT_EQ(answer->Wait().result.first, Sequence(2));
  EXPECT_THAT(answer->Wait().result.duplicates, IsEmpty());
  const std::vector<AppendCall> calls = tarantool_.calls();
  ASSERT_THAT(calls, SizeIs(3));
  EXPECT_EQ(calls[1].call, calls[2].call);
  EXPECT_EQ(calls[1].caller, calls[2].caller);
  EXPECT_THAT(calls[1].caller, SizeIs(16));
  EXPECT_GT(calls[1].call, calls[0].call);
  EXPECT_THAT(tarantool_.stored(), ElementsAre("before", "lost"));
}

TEST_F(TarantoolStoreTest, WithoutTarantoolCallsEndInTimeAndGoOnWhenItIsBack) {
  int port = 0;
  {
    const ScriptedServer away([](const Asked&) {}, kPassword);
    port = away.port();
  }
  Open({Concat("127.0.0.1:", port)}, 300'000);
  std::vector<std::shared_ptr<Answered>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(Append("x"));
  for (auto& answer : answers) EXPECT_TRUE(absl::IsUnavailable(answer->Wait().status));
  EXPECT_TRUE(absl::IsUnavailable(store_->Ready()));
  std::atomic<int> stored{0};
  const ScriptedServer back(
      [&](const Asked& asked) {
        if (asked.function == "mts.hello") return asked.Answer(HelloAnswer(true, 0));
        ++stored;
        asked.Answer(Wrapped(Array(0, Array(Array(0, 7, 7, Array())))).bytes);
      },
      kPassword, port);
  while (!Append("y")->Wait().status.ok()) {
  }
  EXPECT_TRUE(store_->Ready().ok());
  // What was answered with UNAVAILABLE before anything was sent is not sent later.
  EXPECT_LE(stored, 2);
}

TEST_F(TarantoolStoreTest, ASlowTarantoolIsNotWaitedForLongerThanTold) {
  Open({tarantool_.address()}, 300'000);
  tarantool_.Hold();
  const auto order = std::make_shared<AppendOrder>();
  const auto first = Append("first", order);
  tarantool_.AwaitCalls(1);
  const auto second = Append("second", order);
  EXPECT_TRUE(absl::IsUnavailable(first->Wait().status));
  EXPECT_TRUE(absl::IsUnavailable(second->Wait().status));
  EXPECT_TRUE(order->broken());
  tarantool_.LetGo();
  EXPECT_TRUE(Append("third")->Wait().status.ok());
  EXPECT_THAT(tarantool_.stored(), ElementsAre("first", "third"));
}

TEST_F(TarantoolStoreTest, AnswersThatCannotBeReadAreUnavailable) {
  Open({tarantool_.address()});
  EXPECT_TRUE(Append("x")->Wait().status.ok());
  for (const iproto::Raw& garbage :
       {Array(), Array(Array()), Wrapped(Array("text")), Wrapped(Array(0)), Wrapped(Array(0, "x", "y", 1))}) {
    tarantool_.AnswerAllWith(garbage.bytes);
    EXPECT_TRUE(absl::IsUnavailable(Append("y")->Wait().status));
    absl::Notification read;
    ReadRequest request;
    request.max_messages = 1;
    store_->Read(request, [&](const absl::StatusOr<MessageBlockPtr>& block) {
      EXPECT_TRUE(absl::IsUnavailable(block.status()));
      read.Notify();
    });
    read.WaitForNotification();
  }
}

TEST_F(TarantoolStoreTest, ABatchThatFitsNoCallIsRefusedForGood) {
  Open({tarantool_.address()});
  const std::string headers(60'000, 'h');
  NewMessage message;
  message.subject = "a";
  message.headers = headers;
  absl::Notification answered;
  store_->Append(std::vector<NewMessage>(1000, message), [&](const AppendOutcome& outcome) {
    EXPECT_TRUE(absl::IsInvalidArgument(outcome.status)) << outcome.status;
    answered.Notify();
  });
  answered.WaitForNotification();
}

TEST_F(TarantoolStoreTest, TooMuchThatWaitsIsRefused) {
  Open({tarantool_.address()});
  tarantool_.Hold();
  const std::string payload(1 << 20, 'x');
  std::vector<std::shared_ptr<Answered>> answers;
  for (uint64_t bytes = 0; bytes < limits::kMaxQueuedBytes; bytes += payload.size()) answers.push_back(Append(payload));
  EXPECT_TRUE(absl::IsResourceExhausted(Append(payload)->Wait().status));
  tarantool_.LetGo();
  EXPECT_TRUE(answers.front()->Wait().status.ok());
}

TEST_F(TarantoolStoreTest, OneCallFeedsAllWatchesAndGoesOnWhereItEnded) {
  absl::Mutex mutex;
  std::vector<uint64_t> known;
  tarantool_.on_wait = [&](const Asked& asked) {
    absl::MutexLock lock(&mutex);
    AnswerReader arguments = AnswerReader(asked.arguments, 1).Array();
    known.push_back(arguments.Unsigned());
    if (known.size() == 1) return asked.Answer(Wrapped(Array(0, 12, Array("b", 12, "a", 11, "c", 10))).bytes);
    if (known.size() == 2) return asked.Answer(Wrapped(Array(14, "not now")).bytes);
    if (known.size() == 3) return asked.Answer(Wrapped(Array(0, 13, Array("a", 13))).bytes);
  };
  Open({tarantool_.address()});
  EXPECT_TRUE(Append("x")->Wait().status.ok());
  std::vector<std::pair<std::string, uint64_t>> all, of_a;
  auto watch_all = store_->WatchNews(Pattern::All(), [&](std::string_view subject, Sequence last) {
    absl::MutexLock lock(&mutex);
    all.emplace_back(subject, last.value());
  });
  auto watch_a = store_->WatchNews(Pattern::Exact("a"), [&](std::string_view subject, Sequence last) {
    absl::MutexLock lock(&mutex);
    of_a.emplace_back(subject, last.value());
  });
  absl::MutexLock lock(&mutex);
  const auto told = [&] { return known.size() == 4; };
  mutex.Await(absl::Condition(&told));
  EXPECT_THAT(known, ElementsAre(0u, 12u, 12u, 13u));
  EXPECT_THAT(all, ElementsAre(std::pair("c", 10u), std::pair("a", 11u), std::pair("b", 12u), std::pair("a", 13u)));
  EXPECT_THAT(of_a.back(), std::pair(std::string("a"), uint64_t{13}));
}

TEST_F(TarantoolStoreTest, ShutdownAnswersWhatWasAcceptedAndRefusesTheRest) {
  Open({tarantool_.address()});
  tarantool_.Hold();
  const auto accepted = Append("accepted");
  tarantool_.AwaitCalls(1);
  std::thread shutdown([this] { store_->Shutdown(); });
  std::shared_ptr<Answered> refused = Append("later");
  while (!refused->given.HasBeenNotified()) refused = Append("later");
  EXPECT_TRUE(absl::IsUnavailable(refused->Wait().status));
  tarantool_.LetGo();
  shutdown.join();
  EXPECT_TRUE(accepted->Wait().status.ok());
}

TEST(TarantoolOptionsTest, WhatCannotWorkIsRefused) {
  TarantoolOptions options;
  EXPECT_TRUE(absl::IsInvalidArgument(TarantoolStore::Open(options).status()));
  options.addresses = {"127.0.0.1:1"};
  options.inline_limit = limits::kInlineLimit + 1;
  EXPECT_TRUE(absl::IsInvalidArgument(TarantoolStore::Open(options).status()));
}

}  // namespace
}  // namespace mts::store
