// Unary calls, a fixed number in flight: publishing one by one or in batches, and FetchBatch.
//
// Threading: Issue from one thread beside the worker's. Errors: counted, the first one kept; UNAVAILABLE ends the load.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cli/bench/worker.h"

namespace mts::cli {

// What the calls are.
class UnaryWork {
 public:
  virtual ~UnaryWork() = default;
  virtual const std::string& method() const = 0;
  // Slots are numbered from 0; a slot has one call at a time.
  virtual grpc::ByteBuffer Request(uint64_t slot) = 0;
  struct Counted {
    uint64_t messages = 0;
    uint64_t bytes = 0;
  };
  virtual absl::StatusOr<Counted> Answered(uint64_t slot, const grpc::ByteBuffer& answer) = 0;
};

class UnaryLoad : public Load {
 public:
  UnaryLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections, UnaryWork& work,
            uint64_t first_slot, uint64_t slots);
  ~UnaryLoad() override;

  void Start() override;
  void Issue(int64_t intended) override;
  void Stop() override;
  void Cancel() override;
  bool Finished() override;
  absl::Status Failure() override;

 private:
  class Slot;
  void Begin(Slot& slot, int64_t intended);
  void OnAnswer(Slot& slot);
  void Continue(Slot& slot);

  const BenchSettings& settings_;
  Worker& worker_;
  RawConnections& connections_;
  UnaryWork& work_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::atomic<bool> stopped_{false};
  absl::Mutex mutex_;
  std::vector<Slot*> free_ ABSL_GUARDED_BY(mutex_);
  std::deque<int64_t> waiting_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

// Publish and PublishBatch.
std::unique_ptr<UnaryWork> MakePublishWork(const BenchSettings& settings);
// FetchBatch: the slots begin evenly spread over `last_sequence` and go round.
std::unique_ptr<UnaryWork> MakeFetchBatchWork(const BenchSettings& settings, uint64_t last_sequence);
// FetchBatch of one message, each time of another of the subjects.
std::unique_ptr<UnaryWork> MakeFirstMessageWork(const BenchSettings& settings);

}  // namespace mts::cli
