#include "broker/subscription.h"

#include <mutex>
#include <thread>

#include "broker/broker_fixture.h"

namespace mts::broker {
namespace {

class SubscriptionTest : public BrokerFixture {
 protected:
  // Collects what a subscription is told.
  class Told {
   public:
    void Add(uint64_t sequence) {
      absl::MutexLock lock(&mutex_);
      told_.push_back(sequence);
    }
    void WaitUntil(uint64_t sequence) {
      absl::MutexLock lock(&mutex_);
      const auto reached = [&] { return !told_.empty() && told_.back() >= sequence; };
      mutex_.Await(absl::Condition(&reached));
    }
    std::vector<uint64_t> all() {
      absl::MutexLock lock(&mutex_);
      return told_;
    }

   private:
    absl::Mutex mutex_;
    std::vector<uint64_t> told_;
  };

  std::shared_ptr<Subscription> Subscribe(const std::string& subject, Told& told, uint64_t seen = 0,
                                          const std::string& durable = "") {
    auto subscription = broker_->Subscribe(subject, [&told](Sequence newest) { told.Add(newest.value()); });
    EXPECT_TRUE(subscription.ok());
    const absl::Status started = WaitFor<absl::Status>(
        [&](auto done) { (*subscription)->Begin(subject, durable, Sequence(seen), std::move(done)); });
    EXPECT_TRUE(started.ok());
    return *subscription;
  }
};

TEST_F(SubscriptionTest, TellsOfWhatIsThereAndWhatComes) {
  PublishOk("a", "1");
  Told told;
  const auto subscription = Subscribe("a", told);
  told.WaitUntil(1);
  PublishOk("b", "2");
  PublishOk("a", "3");
  told.WaitUntil(3);
  subscription->End();
  EXPECT_THAT(told.all(), ::testing::ElementsAre(1, 3));
}

TEST_F(SubscriptionTest, WhatWasSeenIsNotToldAgain) {
  for (int i = 0; i < 5; ++i) PublishOk("a", "x");
  EXPECT_TRUE(Acknowledge("a", "c", 3).ok());
  Told by_position, by_start, by_both;
  const auto one = Subscribe("a", by_position, 0, "c");
  const auto two = Subscribe("a", by_start, 5);
  const auto three = Subscribe("a", by_both, 5, "c");
  by_position.WaitUntil(5);
  PublishOk("a", "x");
  for (Told* told : {&by_position, &by_start, &by_both}) told->WaitUntil(6);
  EXPECT_EQ(by_start.all().front(), 6u);
  EXPECT_EQ(by_both.all().front(), 6u);
  for (const auto& subscription : {one, two, three}) subscription->End();
}

TEST_F(SubscriptionTest, ASlowListenerGetsTheNewestOnly) {
  absl::Notification entered, go_on;
  Told told;
  auto subscription = broker_->Subscribe("a", [&](Sequence newest) {
    told.Add(newest.value());
    if (newest == Sequence(1)) {
      entered.Notify();
      go_on.WaitForNotification();
    }
  });
  (*subscription)->Begin("a", "", kNoSequence, [](const absl::Status&) {});
  PublishOk("a", "1");
  entered.WaitForNotification();
  for (int i = 0; i < 100; ++i) PublishOk("a", "x");
  go_on.Notify();
  told.WaitUntil(101);
  EXPECT_THAT(told.all(), ::testing::ElementsAre(1, 101));
  (*subscription)->End();
}

TEST_F(SubscriptionTest, SequencesGrowUnderLoadAndTheLastOneArrives) {
  Told told;
  const auto subscription = Subscribe("*", told);
  std::vector<std::thread> publishers;
  for (int t = 0; t < 3; ++t) {
    publishers.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) PublishOk("s" + std::to_string(t), "x");
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  told.WaitUntil(600);
  const std::vector<uint64_t> all = told.all();
  for (size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1], all[i]);
  subscription->End();
}

TEST_F(SubscriptionTest, ListeningConsumersAreCounted) {
  PublishOk("a", "1");
  PublishOk("a", "2");
  EXPECT_TRUE(Acknowledge("a", "c", 1).ok());
  const auto list = [&] {
    return WaitFor<absl::StatusOr<std::vector<ConsumerView>>>(
        [&](auto done) { broker_->consumers().List("", {}, std::move(done)); });
  };
  {
    const Consumers::Listening listening(broker_->consumers(), {"c", "a"});
    const auto views = list();
    ASSERT_TRUE(views.ok());
    ASSERT_EQ(views->size(), 1u);
    EXPECT_EQ((*views)[0].connected, 1u);
    EXPECT_EQ((*views)[0].pending, 1u);
    EXPECT_EQ((*views)[0].state.position, Sequence(1));
  }
  EXPECT_EQ((*list())[0].connected, 0u);
}

}  // namespace
}  // namespace mts::broker
