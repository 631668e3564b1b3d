#include "broker/cleaner.h"

#include "broker/broker_fixture.h"

namespace mts::broker {
namespace {

class CleanerTest : public BrokerFixture {
 protected:
  uint64_t Count() {
    return WaitFor<absl::StatusOr<store::StoreInfo>>([&](auto done) { messages_->Info(std::move(done)); })->messages;
  }
};

TEST_F(CleanerTest, RemovesWhatIsPastTheLimitsUntilItIsStopped) {
  for (int i = 0; i < 10; ++i) PublishOk("a", "x");
  Retention limits;
  limits.max_messages = 3;
  Cleaner cleaner(*messages_, limits, 1000);
  while (Count() > 3) std::this_thread::yield();
  cleaner.Stop();
  PublishOk("a", "x");
  EXPECT_EQ(Count(), 4u);
}

TEST_F(CleanerTest, WithoutLimitsItDoesNothing) {
  PublishOk("a", "x");
  Cleaner cleaner(*messages_, Retention(), 1);
  cleaner.Stop();
  EXPECT_EQ(Count(), 1u);
}

}  // namespace
}  // namespace mts::broker
