// Fetch: a stream of single messages, acknowledged after each call; where the subject ends, a new consumer begins
// again.
//
// Threading: the worker's. Errors: counted, the first one kept; UNAVAILABLE ends the load.
#pragma once

#include <memory>
#include <vector>

#include "cli/bench/worker.h"

namespace mts::cli {

class FetchLoad : public Load {
 public:
  FetchLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections, uint64_t readers);
  ~FetchLoad() override;

  void Start() override;
  void Issue(int64_t) override {}
  void Stop() override { stopped_ = true; }
  void Cancel() override;
  bool Finished() override;
  absl::Status Failure() override;

 private:
  class Reader;

  const BenchSettings& settings_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::atomic<bool> stopped_{false};
};

}  // namespace mts::cli
