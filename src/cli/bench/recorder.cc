#include "cli/bench/recorder.h"

#include <time.h>

namespace mts::cli {

int64_t NowNanos() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void SleepUntilNanos(int64_t when) {
  const timespec until = {static_cast<time_t>(when / 1'000'000'000), static_cast<long>(when % 1'000'000'000)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

}  // namespace mts::cli
