// Time, injectable for tests.
//
// Threading: all methods may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/strong_type.h"

namespace mts {

// Microseconds since the Unix epoch.
struct TimestampTag {};
using Timestamp = StrongType<TimestampTag, int64_t>;

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall clock; may jump.
  virtual Timestamp Now() const = 0;
  // Microseconds of running time since an arbitrary point; never goes back.
  virtual int64_t MonotonicMicros() const = 0;
};

// The machine's clock; one for the process, never destroyed.
const Clock& SystemClock();

// Moves only when told.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now_micros = 1'700'000'000'000'000) : now_(now_micros) {}
  Timestamp Now() const override { return Timestamp(now_.load()); }
  int64_t MonotonicMicros() const override { return running_.load(); }
  // Both clocks go on by `micros`.
  void Advance(int64_t micros) {
    now_ += micros;
    running_ += micros;
  }
  // Only the wall clock jumps, back if negative.
  void JumpWall(int64_t micros) { now_ += micros; }

 private:
  std::atomic<int64_t> now_;
  std::atomic<int64_t> running_{0};
};

}  // namespace mts
