// Uploads and downloads of large payloads: a number of them, some at a time.
//
// Threading: the worker's. Errors: the first one ends the load. Memory: one chunk, sent again and again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/bench/worker.h"

namespace mts::cli {

class TransferLoad : public Load {
 public:
  void Issue(int64_t) override {}
  // Nothing is begun after this one; what runs, runs to its end.
  void Stop() override { stopped_ = true; }

 protected:
  // False when all transfers were begun.
  bool TakeTurn(uint64_t count) { return !stopped_ && begun_.fetch_add(1) < count; }

  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> begun_{0};
};

std::unique_ptr<TransferLoad> MakeUploadLoad(const BenchSettings& settings, Worker& worker,
                                             RawConnections& connections);
// Message `sequence` of the settings' subject.
std::unique_ptr<TransferLoad> MakeDownloadLoad(const BenchSettings& settings, Worker& worker,
                                               RawConnections& connections, uint64_t sequence);

}  // namespace mts::cli
