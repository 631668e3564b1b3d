// One benchmark from its preparation to its figures.
//
// Threading: one thread drives it. Errors: what makes a run worthless (no server, nothing to read, a broken stream).
// Refused operations are counted in the result.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cli/bench/latency_histogram.h"
#include "cli/bench/server_process.h"
#include "cli/bench/settings.h"

namespace mts::cli {

struct BenchResult {
  double seconds = 0;
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t errors = 0;
  absl::Status first_error;
  LatencyHistogram latencies;
  std::optional<LatencyHistogram> publish_latencies;  // subscribe
  uint64_t late = 0;                                  // subscribe: notices that came after the next publish
  uint64_t server_memory = 0;                         // RssAnon at the end
  uint64_t server_memory_max = 0;
  double server_processor_seconds = 0;
  double client_processor_seconds = 0;
  pb::GetServerInfoResponse server;
};

absl::StatusOr<BenchResult> RunBenchmark(BenchSettings settings);

}  // namespace mts::cli
