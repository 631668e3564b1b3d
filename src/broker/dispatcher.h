// A few threads that run short tasks, at once or later: where the broker goes on after news (a store's callbacks must
// not block or call back into the store) and where waits end.
//
// Threading: any thread may call. Tasks may run at the same time, in no promised order. Errors: none. After Shutdown
// tasks that were ready have run, later ones are dropped. Limits: the callers bound what they post (one task a
// subscription or waiting fetch).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace mts::broker {

class Dispatcher {
 public:
  using Task = absl::AnyInvocable<void()>;
  using TimerId = std::pair<int64_t, uint64_t>;

  explicit Dispatcher(int threads);
  ~Dispatcher();

  void Post(Task task);
  TimerId PostAfter(int64_t micros, Task task);
  // The task is destroyed, not run, unless it is running or has run.
  void Cancel(TimerId timer);
  void Shutdown();

 private:
  void Run();
  // The next task to run, empty at the end.
  Task Take();

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<Task> ready_ ABSL_GUARDED_BY(mutex_);
  std::map<TimerId, Task> timers_ ABSL_GUARDED_BY(mutex_);  // by due time
  uint64_t next_timer_ ABSL_GUARDED_BY(mutex_) = 1;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace mts::broker
