#include "iproto/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "base/status.h"

namespace mts::iproto {
namespace {

constexpr int kTickMillis = 1000;

thread_local const EventLoop* running_loop = nullptr;

}  // namespace

EventLoop::~EventLoop() { Stop(); }

void EventLoop::CloseDescriptors() {
  if (epoll_ >= 0) close(epoll_);
  if (wake_ >= 0) close(wake_);
  epoll_ = wake_ = -1;
}

absl::Status EventLoop::Start(Task on_tick) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return ErrnoStatus(errno, "epoll_create1");
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_ < 0) {
    absl::Status status = ErrnoStatus(errno, "eventfd");
    CloseDescriptors();
    return status;
  }
  if (absl::Status status = Add(wake_, EPOLLIN, nullptr); !status.ok()) {
    CloseDescriptors();
    return status;
  }
  read_buffer_.resize(kReadBufferBytes);
  on_tick_ = std::move(on_tick);
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = stopped_ = false;
  }
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void EventLoop::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    Wake();
  }
  thread_.join();
  CloseDescriptors();
}

void EventLoop::Wake() {
  const uint64_t one = 1;
  // Only a full counter can refuse, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

bool EventLoop::OnLoop() const { return running_loop == this; }

void EventLoop::Post(Task task) {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return;
  tasks_.push_back(std::move(task));
  if (std::exchange(woken_, true)) return;
  Wake();
}

absl::Status EventLoop::Add(int fd, uint32_t events, Watcher* watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watcher;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return ErrnoStatus(errno, "epoll_ctl");
  return absl::OkStatus();
}

void EventLoop::Modify(int fd, uint32_t events, Watcher* watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watcher;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::Remove(int fd, const Watcher* watcher) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  for (int i = 0; i < event_count_; ++i) {
    if (events_[i].data.ptr == watcher) events_[i].data.ptr = nullptr;
  }
}

void EventLoop::RunTasks() {
  std::vector<Task> tasks;
  {
    absl::MutexLock lock(&mutex_);
    tasks.swap(tasks_);
    woken_ = false;
  }
  for (Task& task : tasks) task();
}

int EventLoop::WaitMillis() const {
  const int64_t micros = next_tick_ - SystemClock().MonotonicMicros();
  return static_cast<int>(std::clamp<int64_t>((micros + 999) / 1000, 0, kTickMillis));
}

void EventLoop::Run() {
  running_loop = this;
  next_tick_ = SystemClock().MonotonicMicros() + kTickMillis * 1000;
  for (bool stopping = false; !stopping;) {
    const int count = epoll_wait(epoll_, events_.data(), kMaxEvents, WaitMillis());
    event_count_ = count < 0 ? 0 : count;
    for (int i = 0; i < event_count_; ++i) {
      // The wake's descriptor has no watcher; a watcher that was removed meanwhile has none any more.
      auto* watcher = static_cast<Watcher*>(events_[i].data.ptr);
      if (watcher != nullptr) watcher->OnEvents(events_[i].events);
    }
    event_count_ = 0;
    uint64_t wakes;
    [[maybe_unused]] const ssize_t drained = read(wake_, &wakes, sizeof(wakes));
    RunTasks();
    if (const int64_t now = SystemClock().MonotonicMicros(); now >= next_tick_) {
      next_tick_ = now + kTickMillis * 1000;
      on_tick_();
    }
    absl::MutexLock lock(&mutex_);
    stopping = stopping_ && tasks_.empty();
    stopped_ = stopping;
  }
}

}  // namespace mts::iproto
