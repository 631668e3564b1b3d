// Reading by gRPC: Fetch and Peek (a stream of single messages), FetchBatch, GetMessage.
//
// Threading: gRPC's and the broker's callbacks. Errors: gRPC statuses. Limits: a stream holds one block of kBlockBytes
// and one payload of the payload store at a time; a batch at most max_batch_bytes.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "broker/broker.h"
#include "rpc/live_calls.h"

namespace mts::rpc {

using MessageWriter = grpc::ServerWriteReactor<grpc::ByteBuffer>;

// Fetch and Peek are one: neither moves the position.
MessageWriter* StartFetch(broker::Broker& broker, LiveCalls& calls, const grpc::ByteBuffer* request);
grpc::ServerUnaryReactor* StartFetchBatch(broker::Broker& broker, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response);
grpc::ServerUnaryReactor* StartGetMessage(broker::Broker& broker, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response);

}  // namespace mts::rpc
