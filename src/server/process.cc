#include "server/process.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

namespace mts::server {
namespace {

constexpr int kInterrupted = 130;

void WaitForSignals(const sigset_t& signals, absl::Notification& first) {
  int signal = 0;
  if (sigwait(&signals, &signal) != 0) return;
  first.Notify();
  if (sigwait(&signals, &signal) == 0) _exit(kInterrupted);
}

}  // namespace

absl::Notification& HandleShutdownSignals() {
  static absl::Notification* const first = new absl::Notification;
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every later thread, so that one thread gets them
  std::thread([signals] { WaitForSignals(signals, *first); }).detach();  // tidy: allow lives as long as the process
  return *first;
}

uint64_t RaiseOpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur;
}

}  // namespace mts::server
