// One PublishStream: batches are decoded and submitted as they arrive, many in flight; answers go out in order.
//
// Threading: gRPC's and the store's callbacks, under one mutex. One read and one write are outstanding at most. Errors:
// a batch that can never be stored is answered with its code and the stream goes on; any other failure ends the stream
// with its status after all earlier answers, and nothing later is stored. Limits: kMaxBatches and kMaxBytes in flight a
// stream, the gate for all streams; beyond them it stops reading.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/limits.h"
#include "broker/broker.h"
#include "rpc/in_flight_gate.h"
#include "rpc/live_calls.h"
#include "rpc/publish_decoder.h"

namespace mts::rpc {

class PublishStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                      public LiveCall,
                      public std::enable_shared_from_this<PublishStream> {
 public:
  static constexpr size_t kMaxBatches = 64;
  static constexpr uint64_t kMaxBytes = 32 * limits::kMiB;

  PublishStream(broker::Broker& broker, LiveCalls& calls, InFlightGate& gate);
  ~PublishStream() override;
  // Registers the stream and begins to read.
  void Start();
  void EndForShutdown() override;

 private:
  // One batch from its arrival to its answer.
  struct Batch {
    grpc::Slice bytes;
    PublishDecoder decoder;
    uint64_t weight = 0;  // counted as in flight
    bool answered = false;
    bool last = false;  // `end` takes the place of its answer
    grpc::ByteBuffer answer;
  };

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // Reads on if there is room. The next three act as far as the state allows, and are called after each change of it.
  void ReadMore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteAnswers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishIfDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Progress();

  std::unique_ptr<Batch> NewBatch();
  void Reuse(std::unique_ptr<Batch> batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Decodes what was read; sets an answer where it is refused at once.
  void Decode(Batch& batch);
  // Puts what was read (null: the client sends no more) in its place; null if there is nothing to submit.
  Batch* Accept(std::unique_ptr<Batch> batch);
  void Submit(Batch* batch);
  void Answer(Batch* batch, store::AppendOutcome outcome);
  // Everything behind what was answered is given up, and the stream ends with `status`.
  void End(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  broker::Broker& broker_;
  LiveCalls& calls_;
  std::shared_ptr<PublishStream> self_;  // gRPC's share, until OnDone
  InFlightGate& gate_;
  std::shared_ptr<broker::PublishOrder> order_;
  grpc::ByteBuffer read_buffer_;  // of the outstanding read

  absl::Mutex mutex_;
  std::deque<std::unique_ptr<Batch>> batches_ ABSL_GUARDED_BY(mutex_);  // in order of arrival
  std::vector<std::unique_ptr<Batch>> spare_ ABSL_GUARDED_BY(mutex_);
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // weight of batches_
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool submitting_ ABSL_GUARDED_BY(mutex_) = false;  // what was read is on its way to the store
  bool reads_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool wrote_ ABSL_GUARDED_BY(mutex_) = false;  // once at least
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::rpc
