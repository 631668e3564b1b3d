// Trying again while a server is away: growing pauses with jitter, one note when it is lost and one when it is back, an
// end.
//
// Threading: one thread, one Retry per sequence of attempts. A signal ends the pause.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace mts::cli {

struct RetryPolicy {
  // How long one outage may last.
  absl::Duration retry_for = absl::Minutes(5);
  // Also wait for a server that was never reached; otherwise that fails at once.
  bool wait_for_first = false;
};

// What may succeed when tried again: UNAVAILABLE, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED.
bool IsTransient(const absl::Status& status);

// "5 minutes", "90 seconds".
std::string SpokenDuration(absl::Duration duration);

// The pause before attempt `attempt` (from 0): 100 ms doubling up to 5 s, shortened at random by up to a half.
absl::Duration PauseBefore(int attempt, absl::BitGen& random);

class Retry {
 public:
  // `reached` is shared by all attempts on one connection: whether its server ever answered.
  Retry(RetryPolicy policy, std::atomic<bool>& reached) : policy_(policy), reached_(reached) {}

  // Something went on: the next failure begins a new outage.
  void Succeeded();
  // After a failed attempt: waits, then OK to try again; or the error to end with.
  absl::Status After(const absl::Status& failure);

 private:
  RetryPolicy policy_;
  std::atomic<bool>& reached_;
  int attempts_ = 0;
  absl::Time outage_began_;
  bool told_ = false;
  absl::BitGen random_;
};

}  // namespace mts::cli
