#include "broker/publish_order.h"

#include <utility>

namespace mts::broker {

uint64_t PublishOrder::TakeTurn() {
  absl::MutexLock lock(&mutex_);
  return taken_++;
}

void PublishOrder::UseTurn(uint64_t turn, absl::AnyInvocable<void()> act) {
  const std::shared_ptr<PublishOrder> self = shared_from_this();  // whoever holds it may go with what is done here
  absl::MutexLock lock(&mutex_);
  if (acting_ || turn != next_) {
    waiting_.emplace(turn, std::move(act));
    return;
  }
  acting_ = true;
  while (true) {
    mutex_.Unlock();
    act();
    act = nullptr;
    mutex_.Lock();
    ++next_;
    if (waiting_.empty() || waiting_.begin()->first != next_) break;
    act = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
  acting_ = false;
}

}  // namespace mts::broker
