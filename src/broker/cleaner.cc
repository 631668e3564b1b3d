#include "broker/cleaner.h"

#include <memory>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace mts::broker {

Cleaner::Cleaner(store::MessageStore& messages, const Retention& limits, int64_t interval_micros)
    : messages_(messages), limits_(limits), interval_micros_(interval_micros) {
  if (!limits_.Unlimited()) thread_ = std::thread([this] { Run(); });
}

Cleaner::~Cleaner() { Stop(); }

void Cleaner::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Cleaner::Run() {
  while (true) {
    const bool more = Step();
    absl::MutexLock lock(&mutex_);
    const absl::Duration pause = more ? absl::ZeroDuration() : absl::Microseconds(interval_micros_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), pause)) return;
  }
}

bool Cleaner::Step() {
  struct Answer {
    absl::Notification given;
    bool more = false;
  };
  const auto answer = std::make_shared<Answer>();
  messages_.Expire(limits_, [answer](absl::StatusOr<bool> more) {
    answer->more = more.value_or(false);
    answer->given.Notify();
  });
  answer->given.WaitForNotification();
  return answer->more;
}

}  // namespace mts::broker
