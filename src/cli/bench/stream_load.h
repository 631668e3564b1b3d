// PublishStream: batches of messages, several in flight on each of some streams.
//
// Threading: Issue from one thread beside the worker's. Errors: refused batches are counted; a stream that ends is a
// failure of the load.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cli/bench/message_source.h"
#include "cli/bench/worker.h"

namespace mts::cli {

class StreamLoad : public Load {
 public:
  // `in_flight` batches on each of `streams` streams; after `max_batches` (0: never) it stops by itself.
  StreamLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections, MessageSource& source,
             uint64_t streams, uint64_t max_batches);
  ~StreamLoad() override;

  void Start() override;
  void Issue(int64_t intended) override;
  void Stop() override;
  void Cancel() override;
  bool Finished() override;
  absl::Status Failure() override;

 private:
  class Stream;
  // False when all batches were begun.
  bool TakeTurn();

  const BenchSettings& settings_;
  MessageSource& source_;
  std::vector<std::unique_ptr<Stream>> streams_;
  uint64_t next_stream_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> begun_{0};
  const uint64_t max_batches_;
};

}  // namespace mts::cli
