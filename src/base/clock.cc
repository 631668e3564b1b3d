#include "base/clock.h"

#include <chrono>

namespace mts {
namespace {

class RealClock : public Clock {
 public:
  Timestamp Now() const override { return Timestamp(Micros(std::chrono::system_clock::now())); }
  int64_t MonotonicMicros() const override { return Micros(std::chrono::steady_clock::now()); }

 private:
  template <typename TimePoint>
  static int64_t Micros(TimePoint point) {
    return std::chrono::duration_cast<std::chrono::microseconds>(point.time_since_epoch()).count();
  }
};

}  // namespace

const Clock& SystemClock() {
  static const RealClock* const clock = new RealClock;
  return *clock;
}

}  // namespace mts
