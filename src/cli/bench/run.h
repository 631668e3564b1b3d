// The time of a load: warm-up, measured window, end; a progress line each second; the server's memory.
//
// Threading: one thread; the loads' workers and the pacer of an open loop are started and ended inside. Errors: the
// loads' failures, CANCELLED after a signal.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/worker.h"

namespace mts::cli {

class Run {
 public:
  explicit Run(const BenchSettings& settings) : settings_(settings) {}
  ~Run();

  Worker& AddWorker();
  void AddLoad(std::unique_ptr<Load> load) { loads_.push_back(std::move(load)); }

  // From now for warm-up and duration.
  absl::Status ForDuration(BenchResult& result);
  // Until the loads are finished by themselves.
  absl::Status UntilFinished(BenchResult& result);

 private:
  absl::Status Measure(BenchResult& result, bool ends_by_itself);
  absl::Status WaitForEnd(BenchResult& result, bool ends_by_itself);
  void Pace(int64_t begin);
  void End(bool cancel_at_once);
  bool AllFinished();
  absl::Status AnyFailure();
  void SampleServer(BenchResult& result);
  void ShowProgress(int64_t now);
  void Collect(BenchResult& result);

  const BenchSettings& settings_;
  MeasuredWindow window_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Load>> loads_;
  std::atomic<bool> pacing_{false};
  int64_t begun_ = 0;
  int64_t shown_at_ = 0;
  uint64_t shown_messages_ = 0;
  uint64_t shown_bytes_ = 0;
};

}  // namespace mts::cli
