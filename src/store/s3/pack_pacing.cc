#include "store/s3/pack_pacing.h"

#include <algorithm>
#include <cmath>

namespace mts::store::s3 {
namespace {

constexpr double kRateWindowMicros = 50'000;
constexpr double kLoadedArrivalsPerPut = 4;
constexpr double kPutWeight = 0.1;  // of the newest one in the smoothed duration
constexpr double kLongestCountedPutMicros = 50'000;
constexpr int64_t kLeastSpacingMicros = 5'000;
constexpr int64_t kMostSpacingMicros = 10'000;
constexpr double kMostSpacingRate = 0.03;  // payloads a microsecond
// How long callers are waited for after their PUT: their answers need the commit of the metadata too.
constexpr int64_t kGatherMicros = 8'000;

}  // namespace

void PackPacing::OnArrival(int64_t now) {
  arrivals_ = arrivals_ * std::exp(-static_cast<double>(now - last_arrival_) / kRateWindowMicros) + 1;
  last_arrival_ = now;
  ++arrived_since_finish_;
}

void PackPacing::OnStart(int64_t now, uint64_t payloads) {
  ++in_flight_;
  started_payloads_ = payloads;
  last_start_ = now;
}

void PackPacing::OnFinish(int64_t now, int64_t put_micros) {
  --in_flight_;
  last_finish_ = now;
  arrived_since_finish_ = 0;
  const double counted = std::min(static_cast<double>(put_micros), kLongestCountedPutMicros);
  put_micros_ += kPutWeight * (counted - put_micros_);
}

double PackPacing::ArrivalsPerMicro(int64_t now) const {
  return arrivals_ * std::exp(-static_cast<double>(now - last_arrival_) / kRateWindowMicros) / kRateWindowMicros;
}

bool PackPacing::UnderLoad(int64_t now) const { return ArrivalsPerMicro(now) * put_micros_ >= kLoadedArrivalsPerPut; }

// All but an eighth of them, so that a few that stay away hold up nobody.
bool PackPacing::CallersAreBack() const { return arrived_since_finish_ * 8 >= started_payloads_ * 7; }

int64_t PackPacing::SpacingMicros(int64_t now) const {
  const double share = std::min(ArrivalsPerMicro(now) / kMostSpacingRate, 1.0);
  return kLeastSpacingMicros + static_cast<int64_t>(share * (kMostSpacingMicros - kLeastSpacingMicros));
}

int64_t PackPacing::NextStart(int64_t now, uint64_t waiting_bytes, int64_t oldest_arrival) const {
  if (in_flight_ >= 2) return kNotYet;
  if (waiting_bytes >= kMaxPackBytes) return now;
  const bool large = waiting_bytes >= kLargePackBytes;
  const int64_t linger_end = oldest_arrival + kLingerMicros;
  if (in_flight_ == 1) return large ? std::min(last_start_ + SpacingMicros(now), linger_end) : linger_end;
  if (!UnderLoad(now)) return now;
  int64_t start = last_start_ + SpacingMicros(now);
  if (!large && !CallersAreBack()) start = std::max(start, last_finish_ + kGatherMicros);
  return std::min(start, linger_end);
}

}  // namespace mts::store::s3
