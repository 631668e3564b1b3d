// One Fetch or Peek: block after block is read and sent message by message.
//
// Threading: gRPC's and the broker's callbacks, one after another. Errors: gRPC statuses. Limits: one block of
// kBlockBytes and one payload of the payload store in memory.
#pragma once

#include <cstdint>
#include <memory>

#include "broker/broker.h"
#include "minitoolstream/egress.pb.h"
#include "rpc/write_stream.h"

namespace mts::rpc {

class FetchStream : public WriteStream {
 public:
  static constexpr uint64_t kBlockBytes = 4 * limits::kMiB;
  static constexpr uint32_t kDefaultBatchSize = 10;

  FetchStream(broker::Broker& broker, LiveCalls& calls) : WriteStream(calls), broker_(broker) {}
  void Start(const grpc::ByteBuffer* request);

 private:
  void ReadBlock();
  void OnBlock(absl::StatusOr<broker::Deliveries> block);
  void Next();
  void Send(broker::Delivery& delivery);
  void OnWritten() override;

  std::shared_ptr<FetchStream> Self() { return std::static_pointer_cast<FetchStream>(shared_from_this()); }

  broker::Broker& broker_;
  broker::FetchOptions options_;
  uint64_t remaining_ = 0;
  broker::Deliveries block_;
  size_t next_ = 0;  // in block_
};

}  // namespace mts::rpc
