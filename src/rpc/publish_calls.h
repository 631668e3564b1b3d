// The unary calls of publishing: Publish and PublishBatch.
//
// Threading: gRPC's callbacks and the broker's, one after another. Errors: what can never be stored is answered in the
// response, the rest is a gRPC status (error_mapping.h); bytes that are no request: INVALID_ARGUMENT.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "broker/broker.h"

namespace mts::rpc {

grpc::ServerUnaryReactor* StartPublish(broker::Broker& broker, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response);
grpc::ServerUnaryReactor* StartPublishBatch(broker::Broker& broker, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response);

}  // namespace mts::rpc
