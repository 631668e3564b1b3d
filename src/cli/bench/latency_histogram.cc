#include "cli/bench/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mts::cli {
namespace {

constexpr int kStepBits = 7;
constexpr uint64_t kSteps = uint64_t{1} << kStepBits;

}  // namespace

LatencyHistogram::LatencyHistogram() : slots_((64 - kStepBits) * kSteps, 0) {}

// Below 128 each value has its own slot; above, the exponent chooses the row and the next seven bits the step.
size_t LatencyHistogram::SlotOf(uint64_t value) {
  if (value < kSteps) return value;
  const int shift = std::bit_width(value) - 1 - kStepBits;
  return (static_cast<uint64_t>(shift) << kStepBits) + (value >> shift);
}

int64_t LatencyHistogram::ValueOf(size_t slot) {
  if (slot < kSteps) return static_cast<int64_t>(slot);
  const uint64_t shift = (slot >> kStepBits) - 1;
  const uint64_t step = kSteps + (slot & (kSteps - 1));
  return static_cast<int64_t>(((step + 1) << shift) - 1);
}

void LatencyHistogram::Record(int64_t nanos) {
  nanos = std::max<int64_t>(nanos, 0);
  ++slots_[SlotOf(static_cast<uint64_t>(nanos))];
  ++count_;
  max_ = std::max(max_, nanos);
  sum_ += static_cast<double>(nanos);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  for (size_t i = 0; i < slots_.size(); ++i) slots_[i] += other.slots_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

int64_t LatencyHistogram::Quantile(double share) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(share * static_cast<double>(count_));
  const uint64_t rank = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_);
  uint64_t seen = 0;
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    seen += slots_[slot];
    if (seen >= rank) return std::min(ValueOf(slot), max_);
  }
  return max_;
}

}  // namespace mts::cli
