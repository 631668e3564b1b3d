// One Download: the next chunk is read while one is being sent.
//
// Threading: gRPC's and the broker's callbacks. Errors: gRPC statuses. Limits: two chunks in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "broker/broker.h"
#include "rpc/write_stream.h"

namespace mts::rpc {

class DownloadStream : public WriteStream {
 public:
  DownloadStream(broker::Broker& broker, LiveCalls& calls) : WriteStream(calls), broker_(broker) {}
  void Start(const grpc::ByteBuffer* request);

 private:
  void ReadNext();
  void OnChunk(absl::StatusOr<broker::Download::Chunk> chunk);
  void Send(broker::Download::Chunk chunk);
  void OnWritten() override;

  std::shared_ptr<DownloadStream> Self() { return std::static_pointer_cast<DownloadStream>(shared_from_this()); }

  broker::Broker& broker_;
  std::unique_ptr<broker::Download> download_;
  bool first_ = true;  // of what is sent
  absl::Mutex mutex_;
  bool sending_ ABSL_GUARDED_BY(mutex_) = false;
  bool last_sent_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<broker::Download::Chunk> ready_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::rpc
