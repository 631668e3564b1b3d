// A progress bar on stderr: share, bytes, rate of the last seconds, time left, what is being done. Shows nothing where
// stderr is no terminal.
//
// Threading: Add from any thread; the rest from one. Redraws at most ten times a second.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace mts::cli {

class Progress {
 public:
  // `total_bytes` 0: not known, no bar.
  explicit Progress(uint64_t total_bytes);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Add(uint64_t bytes) { done_.fetch_add(bytes, std::memory_order_relaxed); }
  // Something that was counted has to be done again.
  void TakeBack(uint64_t bytes) { done_.fetch_sub(bytes, std::memory_order_relaxed); }
  void SetTotal(uint64_t total_bytes) { total_ = total_bytes; }
  // Draws if it is time to; `what` says what is being done now.
  void Show(std::string_view what);

 private:
  std::string Line(std::string_view what, absl::Time now);

  uint64_t total_;
  const bool shown_;
  const absl::Time started_;
  std::atomic<uint64_t> done_{0};
  absl::Time last_draw_;
  absl::Time rate_from_;
  uint64_t rate_from_bytes_ = 0;
  double rate_ = 0;
};

// The line itself, for `width` columns.
std::string ProgressLine(uint64_t done, uint64_t total, double bytes_per_second, std::string_view what, int width);

}  // namespace mts::cli
