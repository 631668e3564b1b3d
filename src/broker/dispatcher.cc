#include "broker/dispatcher.h"

#include <algorithm>

#include "absl/time/time.h"
#include "base/clock.h"

namespace mts::broker {

Dispatcher::Dispatcher(int threads) {
  for (int i = 0; i < std::max(1, threads); ++i) threads_.emplace_back([this] { Run(); });
}

Dispatcher::~Dispatcher() { Shutdown(); }

void Dispatcher::Post(Task task) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return;
  ready_.push_back(std::move(task));
  changed_.Signal();
}

Dispatcher::TimerId Dispatcher::PostAfter(int64_t micros, Task task) {
  // A wait that no one will live to see; keeps the sum from overflowing.
  constexpr int64_t kLongest = int64_t{365} * 24 * 3600 * 1'000'000;
  absl::MutexLock lock(&mutex_);
  const TimerId id(SystemClock().MonotonicMicros() + std::clamp<int64_t>(micros, 0, kLongest), next_timer_++);
  if (stopping_) return id;
  timers_.emplace(id, std::move(task));
  changed_.Signal();
  return id;
}

void Dispatcher::Cancel(TimerId timer) {
  Task cancelled;  // destroyed without the lock: it may hold the last reference to something
  absl::MutexLock lock(&mutex_);
  const auto found = timers_.find(timer);
  if (found == timers_.end()) return;
  cancelled = std::move(found->second);
  timers_.erase(found);
}

void Dispatcher::Shutdown() {
  std::map<TimerId, Task> dropped;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    dropped.swap(timers_);
    changed_.SignalAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Dispatcher::Task Dispatcher::Take() {
  absl::MutexLock lock(&mutex_);
  while (true) {
    if (!ready_.empty()) {
      Task task = std::move(ready_.front());
      ready_.pop_front();
      return task;
    }
    if (stopping_) return {};
    if (timers_.empty()) {
      changed_.Wait(&mutex_);
      continue;
    }
    const int64_t wait = timers_.begin()->first.first - SystemClock().MonotonicMicros();
    if (wait > 0) {
      changed_.WaitWithTimeout(&mutex_, absl::Microseconds(wait));
      continue;
    }
    Task task = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    return task;
  }
}

void Dispatcher::Run() {
  while (Task task = Take()) task();
}

}  // namespace mts::broker
