// Turns a call with a callback into one that waits, for tests.
//
// Threading: any thread. Limits: a call that is not answered within a minute ends the process, because nothing else can
// report it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace mts {

// A call that is never answered is a failure that nothing else can report.
[[noreturn]] inline void NotAnswered() {
  std::fprintf(stderr, "a call was not answered within a minute\n");
  std::abort();
}

// Calls `start` with a callback and gives the one value that it gets.
template <typename Result, typename Start>
Result WaitFor(Start start) {
  struct Answer {
    absl::Notification given;
    std::optional<Result> result;
  };
  const auto answer = std::make_shared<Answer>();
  start([answer](Result result) {
    answer->result = std::move(result);
    answer->given.Notify();
  });
  if (!answer->given.WaitForNotificationWithTimeout(absl::Minutes(1))) NotAnswered();
  return *std::move(answer->result);
}

}  // namespace mts
