#include "rpc/ingress_service.h"

#include <memory>

#include "base/limits.h"
#include "rpc/error_mapping.h"
#include "rpc/publish_calls.h"
#include "rpc/publish_stream.h"
#include "rpc/unary_call.h"
#include "rpc/upload_call.h"

namespace mts::rpc {

IngressService::IngressService(broker::Broker& broker, LiveCalls& calls)
    : broker_(broker), calls_(calls), gate_(limits::kMaxQueuedBytes / 2, limits::kMaxQueuedAppends / 2) {}

grpc::ServerUnaryReactor* IngressService::Publish(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return StartPublish(broker_, request, response);
}

grpc::ServerUnaryReactor* IngressService::PublishBatch(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return StartPublishBatch(broker_, request, response);
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* IngressService::PublishStream(
    grpc::CallbackServerContext*) {
  const auto stream = std::make_shared<rpc::PublishStream>(broker_, calls_, gate_);
  stream->Start();
  return stream.get();
}

grpc::ServerReadReactor<grpc::ByteBuffer>* IngressService::Upload(grpc::CallbackServerContext*,
                                                                  grpc::ByteBuffer* response) {
  const auto upload = std::make_shared<UploadCall>(broker_, calls_, response);
  upload->Start();
  return upload.get();
}

}  // namespace mts::rpc
