// Times and durations of the contract in microseconds, cut to what fits.
//
// Threading: pure functions.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace mts::rpc {

inline int64_t ToMicros(int64_t seconds, int32_t nanos) {
  constexpr int64_t kMaxSeconds = INT64_MAX / 1'000'000 - 1;
  return std::clamp(seconds, -kMaxSeconds, kMaxSeconds) * 1'000'000 + nanos / 1000;
}

inline int64_t ToMicros(const google::protobuf::Duration& duration) {
  return ToMicros(duration.seconds(), duration.nanos());
}

inline Timestamp ToTimestamp(const google::protobuf::Timestamp& time) {
  return Timestamp(ToMicros(time.seconds(), time.nanos()));
}

inline void SetTime(Timestamp from, google::protobuf::Timestamp& to) {
  int64_t micros = from.value() % 1'000'000;
  if (micros < 0) micros += 1'000'000;
  to.set_seconds((from.value() - micros) / 1'000'000);
  to.set_nanos(static_cast<int32_t>(micros * 1000));
}

}  // namespace mts::rpc
