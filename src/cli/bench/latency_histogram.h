// Latencies in nanoseconds, log-linear: 128 steps for each power of two, so that every value is within 0.8 % of what
// was recorded, from 1 ns to centuries, in 58 KiB.
//
// Threading: one thread records; Merge and the rest after it ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mts::cli {

class LatencyHistogram {
 public:
  LatencyHistogram();

  // Negative values count as 0.
  void Record(int64_t nanos);
  void Merge(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  // The value that `share` (0 to 1) of all values do not exceed; 0 when nothing was recorded.
  int64_t Quantile(double share) const;

 private:
  static size_t SlotOf(uint64_t value);
  // The greatest value of a slot.
  static int64_t ValueOf(size_t slot);

  std::vector<uint64_t> slots_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace mts::cli
