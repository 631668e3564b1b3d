#include "cli/terminal/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

namespace mts::cli {
namespace {

std::atomic<int> received_signal{0};
std::atomic<int> wake_fd{-1};

void OnSignal(int number) {
  const int saved_errno = errno;
  int none = 0;
  if (!received_signal.compare_exchange_strong(none, number)) _exit(128 + number);
  const uint64_t one = 1;
  // Nothing can be done about a failure here; the counter cannot overflow with one write.
  [[maybe_unused]] const ssize_t written = write(wake_fd.load(), &one, sizeof(one));
  errno = saved_errno;
}

int PollMillis(absl::Duration left) {
  if (left == absl::InfiniteDuration()) return -1;
  const int64_t millis = absl::ToInt64Milliseconds(left + absl::Microseconds(999));
  return static_cast<int>(std::clamp<int64_t>(millis, 0, 1'000'000));
}

}  // namespace

Interrupt& Interrupt::Get() {
  static Interrupt* const interrupt = new Interrupt;
  return *interrupt;
}

Interrupt::Interrupt() : event_fd_(eventfd(0, EFD_CLOEXEC)) { wake_fd = event_fd_; }

void Interrupt::Install() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  std::thread([this] { Watch(); }).detach();  // tidy: allow it ends with the process
}

// The event is never read, so that it stays ready for everyone who polls it.
void Interrupt::Watch() {
  pollfd waiting = {event_fd_, POLLIN, 0};
  while (poll(&waiting, 1, -1) < 1) {
  }
  absl::MutexLock lock(&mutex_);
  for (auto& [id, callback] : callbacks_) callback();
}

bool Interrupt::requested() const { return received_signal.load() != 0; }

int Interrupt::signal_number() const { return received_signal.load(); }

absl::Status Interrupt::Check() const { return requested() ? absl::CancelledError("interrupted") : absl::OkStatus(); }

bool Interrupt::Sleep(absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  while (!requested()) {
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return true;
    pollfd waiting = {event_fd_, POLLIN, 0};
    poll(&waiting, 1, PollMillis(left));
  }
  return false;
}

bool Interrupt::WaitFor(int fd, short poll_events, absl::Duration timeout) {
  const absl::Time end = timeout == absl::InfiniteDuration() ? absl::InfiniteFuture() : absl::Now() + timeout;
  while (!requested()) {
    const absl::Duration left =
        end == absl::InfiniteFuture() ? absl::InfiniteDuration() : std::max(end - absl::Now(), absl::ZeroDuration());
    pollfd waiting[2] = {{fd, poll_events, 0}, {event_fd_, POLLIN, 0}};
    const int ready = poll(waiting, 2, PollMillis(left));
    if (ready > 0 && waiting[0].revents != 0) return true;
    if (ready == 0 && left != absl::InfiniteDuration() && absl::Now() >= end) return false;
  }
  return false;
}

Interrupt::Scope::Scope(std::function<void()> on_interrupt) {
  Interrupt& interrupt = Get();
  absl::MutexLock lock(&interrupt.mutex_);
  id_ = interrupt.next_id_++;
  // The watcher runs all callbacks under the mutex: one added later finds the request itself.
  if (interrupt.requested()) on_interrupt();
  interrupt.callbacks_.emplace(id_, std::move(on_interrupt));
}

Interrupt::Scope::~Scope() {
  Interrupt& interrupt = Get();
  absl::MutexLock lock(&interrupt.mutex_);
  interrupt.callbacks_.erase(id_);
}

}  // namespace mts::cli
