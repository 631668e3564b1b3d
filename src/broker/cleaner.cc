#include "broker/cleaner.h"

#include "absl/time/time.h"
#include "base/await.h"

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
  return Await<absl::StatusOr<bool>>([this](auto done) { messages_.Expire(limits_, std::move(done)); }).value_or(false);
}

}  // namespace mts::broker
