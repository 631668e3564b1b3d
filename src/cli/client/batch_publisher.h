// Publishes batches in order over one PublishStream, many in flight, through restarts of the server: what was not
// answered is sent again on a new stream. With message ids in the batches nothing is stored twice.
//
// Threading: one thread, which also runs `on_answer`. Errors: what on_answer returns, an error that trying again does
// not heal, or CANCELLED after a signal. Limits: Options bounds the batches and bytes that wait for their answers.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "cli/client/connection.h"

namespace mts::cli {

class BatchPublisher {
 public:
  struct Options {
    size_t max_in_flight = 16;
    uint64_t max_bytes_in_flight = uint64_t{32} << 20;
  };
  using AnswerCallback = std::function<absl::Status(const pb::PublishBatchRequest&, const pb::PublishBatchResponse&)>;

  BatchPublisher(const Connection& connection, Options options, AnswerCallback on_answer);
  ~BatchPublisher();

  // Returns when the batch is on its way.
  absl::Status Send(pb::PublishBatchRequest batch);
  // Returns when every batch was answered.
  absl::Status Flush();

 private:
  struct Stream;
  struct Pending {
    pb::PublishBatchRequest batch;
    uint64_t bytes;
  };

  absl::Status TransmitAll();
  // Waits until at most `batches` wait for their answer and their bytes leave room for `bytes` more.
  absl::Status CollectUntil(size_t batches, uint64_t bytes);
  absl::Status TakeAnswers(bool* ended);
  absl::Status Recover();
  void Open();
  grpc::Status CloseStream();

  const Connection& connection_;
  const Options options_;
  AnswerCallback on_answer_;
  Retry retry_;
  std::deque<Pending> pending_;
  uint64_t pending_bytes_ = 0;
  size_t sent_ = 0;  // of pending_, on the present stream
  std::unique_ptr<Stream> stream_;
};

}  // namespace mts::cli
