// What one thread measured: counts and latencies inside the measured window.
//
// Threading: one thread records; the counts may be read by another one meanwhile (for the progress line).
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "cli/bench/latency_histogram.h"

namespace mts::cli {

// Nanoseconds of the monotonic clock.
int64_t NowNanos();

// Sleeps until then; returns at once if it is over.
void SleepUntilNanos(int64_t when);

// Set before the load starts; the end may come earlier.
struct MeasuredWindow {
  std::atomic<int64_t> begin{0};
  std::atomic<int64_t> end{INT64_MAX};
};

class Recorder {
 public:
  explicit Recorder(const MeasuredWindow& window) : window_(window) {}

  // An operation of `messages` and `bytes` that was to start at `intended`. Counts what ends inside the window; its
  // latency counts if it was to start there.
  void Record(int64_t intended, int64_t done, uint64_t messages, uint64_t bytes) {
    all_messages_.store(all_messages_.load(std::memory_order_relaxed) + messages, std::memory_order_relaxed);
    all_bytes_.store(all_bytes_.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
    const int64_t begin = window_.begin.load(std::memory_order_relaxed);
    const int64_t end = window_.end.load(std::memory_order_relaxed);
    if (done >= begin && done < end) {
      messages_ += messages;
      bytes_ += bytes;
    }
    if (intended >= begin && intended < end) latencies_.Record(done - intended);
  }
  void RecordError(const absl::Status& error) {
    ++errors_;
    if (first_error_.ok()) first_error_ = error;
  }

  // From any thread, the warm-up included.
  uint64_t all_messages() const { return all_messages_.load(std::memory_order_relaxed); }
  uint64_t all_bytes() const { return all_bytes_.load(std::memory_order_relaxed); }

  uint64_t messages() const { return messages_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t errors() const { return errors_; }
  const absl::Status& first_error() const { return first_error_; }
  const LatencyHistogram& latencies() const { return latencies_; }

 private:
  const MeasuredWindow& window_;
  std::atomic<uint64_t> all_messages_{0};
  std::atomic<uint64_t> all_bytes_{0};
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
  uint64_t errors_ = 0;
  absl::Status first_error_;
  LatencyHistogram latencies_;
};

}  // namespace mts::cli
