// Ctrl-C and SIGTERM for the client commands: the first one asks everything that waits to end, the second one ends the
// process at once. SIGPIPE is ignored, so that a closed pipe is an error of write().
//
// Threading: any thread. Callbacks run on a thread of their own and must not block. Limits: one for the process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace mts::cli {

class Interrupt {
 public:
  static Interrupt& Get();

  // Takes over the signals; only client commands call it, once.
  void Install();

  bool requested() const;
  // The signal that came, 0 for none.
  int signal_number() const;
  // CANCELLED after a signal, else OK.
  absl::Status Check() const;

  // False when a signal came before the time was over.
  bool Sleep(absl::Duration duration);
  // Waits until `fd` is ready for `poll_events` (poll(2)): true; or a signal comes or the time is over: false.
  bool WaitFor(int fd, short poll_events, absl::Duration timeout = absl::InfiniteDuration());

  // `on_interrupt` is called at the first signal, or at once if it came already, but not after the scope ended.
  class Scope {
   public:
    explicit Scope(std::function<void()> on_interrupt);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    uint64_t id_;
  };

 private:
  Interrupt();
  void Watch();

  int event_fd_;
  absl::Mutex mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::function<void()>> callbacks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::cli
