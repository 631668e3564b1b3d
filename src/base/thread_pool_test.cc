#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

namespace mts {
namespace {

TEST(ThreadPoolTest, RunsEverythingFromManyThreads) {
  std::atomic<int> ran{0};
  {
    ThreadPool pool("test", 3, 8);
    std::vector<std::thread> submitters;
    for (int i = 0; i < 4; ++i) {
      submitters.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) ASSERT_TRUE(pool.Submit([&ran] { ++ran; }));
      });
    }
    for (std::thread& submitter : submitters) submitter.join();
  }
  EXPECT_EQ(ran, 4000);
}

TEST(ThreadPoolTest, AFullQueueRefusesAndLeavesTheTask) {
  ThreadPool pool("test", 1, 2);
  absl::Notification started, go;
  ASSERT_TRUE(pool.TrySubmit([&] {
    started.Notify();
    go.WaitForNotification();
  }));
  started.WaitForNotification();
  std::atomic<int> ran{0};
  ASSERT_TRUE(pool.TrySubmit([&ran] { ++ran; }));
  ASSERT_TRUE(pool.TrySubmit([&ran] { ++ran; }));
  EXPECT_EQ(pool.queued(), 2u);
  ThreadPool::Task refused = [&ran] { ran += 10; };
  EXPECT_FALSE(pool.TrySubmit(refused));
  refused();
  EXPECT_EQ(ran, 10);
  go.Notify();
  pool.Shutdown();
  EXPECT_EQ(ran, 12);
}

TEST(ThreadPoolTest, ShutdownRunsWhatWasAcceptedAndReleasesWaitingSubmitters) {
  ThreadPool pool("test", 1, 1);
  absl::Notification started, go;
  std::atomic<int> accepted{0}, ran{0};
  ASSERT_TRUE(pool.Submit([&] {
    started.Notify();
    go.WaitForNotification();
    ++ran;
  }));
  ++accepted;
  started.WaitForNotification();
  std::vector<std::thread> submitters;
  for (int i = 0; i < 3; ++i) {
    submitters.emplace_back([&] {
      while (pool.Submit([&ran] { ++ran; })) ++accepted;
    });
  }
  go.Notify();
  while (ran < 10) std::this_thread::yield();
  pool.Shutdown();
  for (std::thread& submitter : submitters) submitter.join();
  EXPECT_EQ(ran, accepted);
  EXPECT_FALSE(pool.TrySubmit([] {}));
  pool.Shutdown();
}

}  // namespace
}  // namespace mts
