// Turns a call with a callback into one that waits, for tests.
//
// Threading: any thread. Limits: a call that is not answered within a minute ends the process, because nothing else can
// report it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "base/await.h"

namespace mts {

// A call that is never answered is a failure that nothing else can report.
[[noreturn]] inline void NotAnswered() {
  std::fprintf(stderr, "a call was not answered within a minute\n");
  std::abort();
}

// Calls `start` with a callback and gives the one value that it gets.
template <typename Result, typename Start>
Result WaitFor(Start start) {
  std::optional<Result> result = AwaitWithin<Result>(absl::Minutes(1), std::move(start));
  if (!result.has_value()) NotAnswered();
  return *std::move(result);
}

}  // namespace mts
