// One thread that waits for sockets (epoll), runs tasks posted by other threads, and ticks once a second or sooner.
//
// Threading: Post from any thread; everything else from the loop's own thread, but Start and Stop from the owner's.
// Wakes are coalesced: many posts before the loop runs cost one write. Errors: from the system calls of Start and Add.
// Limits: the callers bound what they post.
#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace mts::iproto {

class EventLoop {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void OnEvents(uint32_t events) = 0;
  };
  using Task = absl::AnyInvocable<void()>;

  EventLoop() = default;
  ~EventLoop();

  // `on_tick` runs about once a second.
  absl::Status Start(Task on_tick);
  // Runs what was posted, then ends the thread. Later posts are dropped.
  void Stop();

  void Post(Task task);
  // Whether the caller runs on the loop's own thread.
  bool OnLoop() const;

  // The next tick comes by then, in microseconds of SystemClock's running time.
  void TickBy(int64_t monotonic_micros) { next_tick_ = std::min(next_tick_, monotonic_micros); }

  absl::Status Add(int fd, uint32_t events, Watcher* watcher);
  void Modify(int fd, uint32_t events, Watcher* watcher);
  // No event reaches the watcher any more, also none of those that were already fetched.
  void Remove(int fd, const Watcher* watcher);

  // Where sockets are read to; shared by all of them, so that an idle one holds no buffer.
  static constexpr size_t kReadBufferBytes = 256 * 1024;
  char* read_buffer() { return read_buffer_.data(); }

 private:
  static constexpr int kMaxEvents = 256;

  void Run();
  void RunTasks();
  int WaitMillis() const;
  void Wake();
  void CloseDescriptors();

  int epoll_ = -1;
  int wake_ = -1;
  Task on_tick_;
  int64_t next_tick_ = 0;  // the loop's thread only
  std::thread thread_;
  std::array<epoll_event, kMaxEvents> events_{};
  int event_count_ = 0;
  std::vector<char> read_buffer_;

  absl::Mutex mutex_;
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace mts::iproto
