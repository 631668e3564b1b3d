// Uploads and downloads of large payloads: a number of them, some at a time.
//
// Threading: the worker's. Errors: the first one ends the load. Memory: one chunk, sent again and again.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cli/bench/wire.h"
#include "cli/bench/worker.h"

namespace mts::cli {

class TransferLane;

class TransferLoad : public Load {
 public:
  explicit TransferLoad(uint64_t count) : count_(count) {}
  ~TransferLoad() override;

  void AddLane(std::unique_ptr<TransferLane> lane);
  // False when all transfers were begun.
  bool TakeTurn() { return !stopped_ && begun_.fetch_add(1) < count_; }

  void Start() override;
  void Issue(int64_t) override {}
  // Nothing is begun after this one; what runs, runs to its end.
  void Stop() override { stopped_ = true; }
  void Cancel() override;
  bool Finished() override;
  absl::Status Failure() override;

 private:
  const uint64_t count_;
  std::vector<std::unique_ptr<TransferLane>> lanes_;
  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> begun_{0};
};

// One transfer after the other, each on a stream of its own. What a transfer sends and takes is the subclass's.
class TransferLane {
 public:
  TransferLane(TransferLoad& load, Worker& worker, RawConnections& connections, std::string method);
  virtual ~TransferLane() = default;

  // Begins a transfer, or ends when there is none left.
  void Next();
  void Cancel();
  bool finished() const { return finished_; }
  absl::Status failure();

 protected:
  // Before each transfer.
  virtual void Reset() = 0;
  // The stream is open; later Finish() is called once.
  virtual void OnOpen() = 0;
  // After a stream that ended well: whether the transfer did.
  virtual absl::Status Outcome() const = 0;
  virtual uint64_t bytes() const = 0;

  RawStream& stream() { return *stream_; }
  void Finish() { stream_->Finish(&status_, &finished_event_); }

 private:
  using LaneEvent = MethodEvent<TransferLane>;

  void OnStarted(bool ok);
  void OnFinished(bool ok);

  TransferLoad& load_;
  Worker& worker_;
  const std::string address_;
  const std::string method_;
  RawStub& stub_;
  absl::Mutex mutex_;  // the context against Cancel
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<RawStream> stream_;
  LaneEvent started_event_{this, &TransferLane::OnStarted};
  LaneEvent finished_event_{this, &TransferLane::OnFinished};
  grpc::Status status_;
  int64_t begun_ = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> finished_{false};
};

std::unique_ptr<TransferLoad> MakeUploadLoad(const BenchSettings& settings, Worker& worker,
                                             RawConnections& connections);
// Message `sequence` of the settings' subject.
std::unique_ptr<TransferLoad> MakeDownloadLoad(const BenchSettings& settings, Worker& worker,
                                               RawConnections& connections, uint64_t sequence);

}  // namespace mts::cli
