// Load on a store, and what is left of it: each payload is appended once, and kept when it was answered.
//
// Threading: each writer is a thread; the checks from the test's. Errors: test failures. Limits: memory follows the
// number of messages.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/text.h"
#include "store/message_store.h"

namespace mts::testing {

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
  uint64_t answered() {
    absl::MutexLock lock(&mutex_);
    return acknowledged_.size();
  }
  // Waits until so many more are answered; fails when they are not within a minute.
  void AwaitMore(uint64_t count) {
    absl::MutexLock lock(&mutex_);
    const uint64_t until = acknowledged_.size() + count;
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return acknowledged_.size() >= until; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(60))) {
      ADD_FAILURE() << "only " << acknowledged_.size() << " of " << until << " messages are answered";
    }
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
    } else {
      EXPECT_TRUE(absl::IsUnavailable(batch.status)) << batch.status;
      ++unknown_;
    }
  }

  store::MessageStore& store_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> unknown_{0};
  absl::Mutex mutex_;
  std::set<std::string> acknowledged_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

inline absl::StatusOr<store::MessageBlockPtr> ReadFrom(store::MessageStore& store, const Pattern& pattern,
                                                       Sequence after) {
  store::ReadRequest request;
  request.pattern = pattern;
  request.after = after;
  request.max_messages = 5000;
  absl::Notification answered;
  absl::StatusOr<store::MessageBlockPtr> block;
  store.Read(request, [&](absl::StatusOr<store::MessageBlockPtr> got) {
    block = std::move(got);
    answered.Notify();
  });
  answered.WaitForNotification();
  return block;
}

// How often each payload is there. Batches must be whole, and those of a stream in order.
inline std::map<std::string, int> Stored(store::MessageStore& store) {
  std::map<std::string, int> stored;
  for (Sequence after;;) {
    const auto block = ReadFrom(store, Pattern::Exact("load"), after);
    if (!block.ok()) {
      EXPECT_TRUE(absl::IsUnavailable(block.status())) << block.status();
      continue;
    }
    if ((*block)->messages.empty()) return stored;
    for (const StoredMessage& message : (*block)->messages) ++stored[std::string(message.payload)];
    after = (*block)->messages.back().sequence;
  }
}
inline void ExpectNothingLostOrDoubled(store::MessageStore& store, Writers& writers) {
  const std::map<std::string, int> stored = Stored(store);
  for (const auto& [payload, times] : stored) EXPECT_EQ(times, 1) << payload;
  for (const std::string& payload : writers.acknowledged()) EXPECT_EQ(stored.count(payload), 1u) << payload;
  ::testing::Test::RecordProperty("acknowledged", static_cast<int>(writers.answered()));
  ::testing::Test::RecordProperty("unknown", static_cast<int>(writers.unknown()));
}

}  // namespace mts::testing
