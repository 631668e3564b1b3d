// Watches whether the stores can be used, and tells: the health service, the log, whoever waits for the first time.
//
// Threading: one thread of its own; the destructor waits for the check under way. Errors: none; what is wrong is logged
// once, and again when it is something else. Limits: one check of each store at a time.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace mts::server {

class Readiness {
 public:
  // Asks everything that has to be usable; answers the first error.
  using Check = std::function<absl::Status()>;
  using Listener = absl::AnyInvocable<void(bool ready)>;

  // Makes the first check before it returns.
  Readiness(Check check, Listener listener, absl::Duration interval);
  ~Readiness();

 private:
  void Run();
  void CheckOnce();

  const Check check_;
  Listener listener_;
  const absl::Duration interval_;
  std::string last_error_;
  bool ready_ = false;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mts::server
