#include "base/thread_pool.h"

#include <pthread.h>

#include <utility>

namespace mts {

ThreadPool::ThreadPool(const std::string& name, size_t threads, size_t queue_limit) : queue_limit_(queue_limit) {
  absl::MutexLock lock(&join_mutex_);
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
    ::pthread_setname_np(threads_.back().native_handle(), name.substr(0, 15).c_str());
  }
}

ThreadPool::~ThreadPool() { Shutdown(); }

bool ThreadPool::TrySubmit(Task& task) {
  absl::MutexLock lock(&mutex_);
  if (ends_ || queue_.size() >= queue_limit_) return false;
  queue_.push_back(std::move(task));
  return true;
}

bool ThreadPool::Submit(Task& task) {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &ThreadPool::HasRoomOrEnds));
  if (ends_) return false;
  queue_.push_back(std::move(task));
  return true;
}

void ThreadPool::Run() {
  while (true) {
    Task task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &ThreadPool::HasTaskOrEnds));
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    std::move(task)();
  }
}

void ThreadPool::Shutdown() {
  {
    absl::MutexLock lock(&mutex_);
    ends_ = true;
  }
  absl::MutexLock lock(&join_mutex_);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

size_t ThreadPool::queued() const {
  absl::MutexLock lock(&mutex_);
  return queue_.size();
}

}  // namespace mts
