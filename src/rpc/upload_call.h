// One Upload: a chunk is received while one is being written.
//
// Threading: gRPC's and the broker's callbacks, under one mutex. Errors: as publishing (error_mapping.h); a stream that
// breaks off, says something out of turn or does not agree with its size or checksum leaves nothing behind. Limits: two
// chunks of at most 1 MiB in memory.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "broker/broker.h"
#include "minitoolstream/ingress.pb.h"
#include "rpc/live_calls.h"

namespace mts::rpc {

class UploadCall : public grpc::ServerReadReactor<grpc::ByteBuffer>,
                   public LiveCall,
                   public std::enable_shared_from_this<UploadCall> {
 public:
  UploadCall(broker::Broker& broker, LiveCalls& calls, grpc::ByteBuffer* response)
      : broker_(broker), calls_(calls), response_(response) {}
  void Start();
  void EndForShutdown() override;

 private:
  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // What one message of the stream asks for; a failure ends the upload.
  absl::Status Take(minitoolstream::UploadRequest& part) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Begin(const minitoolstream::UploadInfo& info) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Starts whatever may start now.
  void Progress();
  void OnWritten(absl::Status status);
  // The answer; the first one counts.
  void Answer(absl::StatusOr<broker::Published> published);
  void End(grpc::Status status);

  broker::Broker& broker_;
  LiveCalls& calls_;
  grpc::ByteBuffer* const response_;
  std::shared_ptr<UploadCall> self_;  // gRPC's share, until OnDone
  grpc::ByteBuffer read_buffer_;      // of the outstanding read

  absl::Mutex mutex_;
  std::shared_ptr<broker::Upload> upload_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> chunk_ ABSL_GUARDED_BY(mutex_);  // received, not yet given to the broker
  std::optional<minitoolstream::UploadEnd> upload_end_ ABSL_GUARDED_BY(mutex_);  // likewise
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;    // the broker writes a chunk
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;  // the broker publishes
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace mts::rpc
