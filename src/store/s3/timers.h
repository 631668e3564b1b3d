// Time and timers, so that tests can move them.
//
// Threading: any thread may call; a task runs on the implementation's thread. Errors: PostAfter is false, and the task
// does not run, after the end. Limits: resolution of a millisecond.
#pragma once

#include <cstdint>

#include "absl/functional/any_invocable.h"

namespace mts::store::s3 {

class Timers {
 public:
  virtual ~Timers() = default;
  virtual int64_t NowMicros() const = 0;  // running time
  [[nodiscard]] virtual bool PostAfter(int64_t micros, absl::AnyInvocable<void()> task) = 0;
};

}  // namespace mts::store::s3
