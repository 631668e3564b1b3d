#include "rpc/egress_service.h"

#include <memory>
#include <string>

#include "rpc/download_stream.h"
#include "rpc/fetch_calls.h"
#include "rpc/subscribe_stream.h"
#include "rpc/unary_call.h"

namespace mts::rpc {
namespace {

using LastSequenceCall = UnaryCall<minitoolstream::GetLastSequenceRequest, minitoolstream::GetLastSequenceResponse>;
using AckCall = UnaryCall<minitoolstream::AckRequest, minitoolstream::AckResponse>;

void AnswerAck(AckCall* call, const absl::Status& status) {
  if (IsRetryable(status)) return call->Fail(status);
  minitoolstream::AckResponse response;
  response.set_success(status.ok());
  if (!status.ok()) response.set_error_message(std::string(status.message().data(), status.message().size()));
  call->Reply(response);
}

}  // namespace

EgressService::Writer* EgressService::Subscribe(grpc::CallbackServerContext*, const grpc::ByteBuffer* request) {
  const auto stream = std::make_shared<SubscribeStream>(broker_, calls_);
  stream->Start(request);
  return stream.get();
}

EgressService::Writer* EgressService::Fetch(grpc::CallbackServerContext*, const grpc::ByteBuffer* request) {
  return StartFetch(broker_, calls_, request);
}

// Fetch leaves the position alone already.
EgressService::Writer* EgressService::Peek(grpc::CallbackServerContext*, const grpc::ByteBuffer* request) {
  return StartFetch(broker_, calls_, request);
}

EgressService::Writer* EgressService::Download(grpc::CallbackServerContext*, const grpc::ByteBuffer* request) {
  const auto stream = std::make_shared<DownloadStream>(broker_, calls_);
  stream->Start(request);
  return stream.get();
}

grpc::ServerUnaryReactor* EgressService::GetLastSequence(grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return LastSequenceCall::Handle(request, response, [this](LastSequenceCall* call) {
    broker_.LastSequence(call->request.subject(), [call](absl::StatusOr<Sequence> last) {
      if (!last.ok()) return call->Fail(last.status());
      minitoolstream::GetLastSequenceResponse response;
      response.set_last_sequence(last->value());
      call->Reply(response);
    });
  });
}

grpc::ServerUnaryReactor* EgressService::AckMessage(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return AckCall::Handle(request, response, [this](AckCall* call) {
    broker_.consumers().Acknowledge({call->request.durable_name(), call->request.subject()},
                                    Sequence(call->request.sequence()),
                                    [call](absl::StatusOr<Sequence> position) { AnswerAck(call, position.status()); });
  });
}

grpc::ServerUnaryReactor* EgressService::FetchBatch(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return StartFetchBatch(broker_, request, response);
}

grpc::ServerUnaryReactor* EgressService::GetMessage(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return StartGetMessage(broker_, request, response);
}

}  // namespace mts::rpc
