// When the next pack is put. A payload that comes alone goes at once. Under load PUTs start 5 to 10 ms apart, so that
// each takes many payloads, and one at a time, because several at once are slower on the server than one after the
// other; a second one only for a large pack or one that has waited for long. The next one waits until about as many
// payloads have arrived as the last one brought: callers who wait for their answers come back together, and would
// otherwise split into groups that take turns, with a PUT for each.
//
// Load is how many payloads arrive, by a smoothed rate, while a PUT takes: one caller that waits for each answer never
// makes more than one, however fast the server is.
//
// Threading: one thread at a time. Errors: none. Limits: at most two PUTs under way besides those that nobody asked it
// about.
#pragma once

#include <cstdint>

#include "base/limits.h"

namespace mts::store::s3 {

class PackPacing {
 public:
  static constexpr uint64_t kMaxPackBytes = 8 * limits::kMiB;
  static constexpr uint64_t kLargePackBytes = 1 * limits::kMiB;
  static constexpr int64_t kLingerMicros = 50'000;
  static constexpr int64_t kNotYet = INT64_MAX;  // only after a PUT has ended

  void OnArrival(int64_t now);
  void OnStart(int64_t now, uint64_t payloads);
  void OnFinish(int64_t now, int64_t put_micros);

  // The time when what waits may be put; at or before `now`: at once.
  int64_t NextStart(int64_t now, uint64_t waiting_bytes, int64_t oldest_arrival) const;

  uint32_t in_flight() const { return in_flight_; }

 private:
  double ArrivalsPerMicro(int64_t now) const;
  bool UnderLoad(int64_t now) const;
  bool CallersAreBack() const;
  int64_t SpacingMicros(int64_t now) const;

  uint32_t in_flight_ = 0;
  int64_t last_start_ = INT64_MIN / 2;
  int64_t last_finish_ = INT64_MIN / 2;
  uint64_t started_payloads_ = 0;  // of the last PUT
  uint64_t arrived_since_finish_ = 0;
  double put_micros_ = 2'000;  // smoothed
  double arrivals_ = 0;        // decayed count, as of last_arrival_
  int64_t last_arrival_ = 0;
};

}  // namespace mts::store::s3
