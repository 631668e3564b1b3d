// A fixed number of threads that run tasks from a bounded queue, in the order given.
//
// Threading: any thread may submit, tasks too (a task must use TrySubmit: Submit could wait for itself). The
// destructor, or Shutdown, runs everything that was accepted and then ends the threads; it must not be called from a
// task. Errors: none. Limits: threads and queue length as given.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace mts {

class ThreadPool {
 public:
  using Task = absl::AnyInvocable<void()>;

  // `name` is shown by ps and debuggers, its first 15 bytes.
  ThreadPool(const std::string& name, size_t threads, size_t queue_limit);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // False, and the task is left as it was, when the queue is full or the pool ends.
  [[nodiscard]] bool TrySubmit(Task& task);
  // Waits for room; false, and the task is left as it was, when the pool ends.
  [[nodiscard]] bool Submit(Task& task);
  [[nodiscard]] bool TrySubmit(Task&& task) { return TrySubmit(task); }
  [[nodiscard]] bool Submit(Task&& task) { return Submit(task); }

  // Refuses new tasks, runs the accepted ones, ends the threads. May be called again.
  void Shutdown();
  // Tasks that wait for a thread.
  size_t queued() const;

 private:
  void Run();
  bool HasRoomOrEnds() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ends_ || queue_.size() < queue_limit_; }
  bool HasTaskOrEnds() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ends_ || !queue_.empty(); }

  const size_t queue_limit_;
  mutable absl::Mutex mutex_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Mutex join_mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace mts
