#include "rpc/publish_calls.h"

#include <utility>

#include "rpc/byte_buffers.h"
#include "rpc/error_mapping.h"
#include "rpc/publish_decoder.h"
#include "rpc/publish_encoder.h"
#include "rpc/unary_call.h"

namespace mts::rpc {
namespace {

class PublishCall : public InlineUnaryReactor {
 public:
  PublishCall(broker::Broker& broker, const grpc::ByteBuffer* request, grpc::ByteBuffer* response)
      : broker_(broker), bytes_(Flatten(request)), response_(response) {}

  void StartOne() {
    if (!decoder_.DecodeRequest(View(bytes_))) return Finish(MalformedRequest());
    if (decoder_.scheduled_position() >= 0)
      return AnswerOne(absl::UnimplementedError("deliver_at is not supported yet"));
    broker_.publisher().Publish(decoder_.messages()[0], [this](absl::StatusOr<broker::Published> published) {
      AnswerOne(std::move(published));
    });
  }

  void StartBatch() {
    if (!decoder_.DecodeBatch(View(bytes_), broker_.options().limits.max_batch_messages)) {
      return Finish(MalformedRequest());
    }
    if (decoder_.scheduled_position() >= 0) {
      return AnswerBatch({absl::UnimplementedError("deliver_at is not supported yet"),
                          static_cast<uint32_t>(decoder_.scheduled_position()),
                          {}});
    }
    broker_.publisher().PublishBatch(decoder_.messages(), nullptr,
                                     [this](store::AppendOutcome outcome) { AnswerBatch(std::move(outcome)); });
  }

 private:
  void AnswerOne(absl::StatusOr<broker::Published> published) {
    if (!published.ok() && !AnsweredInResponse(published.status())) return Finish(ToGrpcStatus(published.status()));
    *response_ = EncodePublished(published);
    Finish(grpc::Status::OK);
  }
  void AnswerBatch(store::AppendOutcome outcome) {
    if (!outcome.status.ok() && !AnsweredInResponse(outcome.status)) return Finish(ToGrpcStatus(outcome.status));
    *response_ = EncodeBatchOutcome(outcome);
    Finish(grpc::Status::OK);
  }
  void OnDone() override { delete this; }

  broker::Broker& broker_;
  const grpc::Slice bytes_;
  grpc::ByteBuffer* const response_;
  PublishDecoder decoder_;
};

}  // namespace

grpc::ServerUnaryReactor* StartPublish(broker::Broker& broker, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) {
  auto* call = new PublishCall(broker, request, response);
  call->StartOne();
  return call;
}

grpc::ServerUnaryReactor* StartPublishBatch(broker::Broker& broker, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) {
  auto* call = new PublishCall(broker, request, response);
  call->StartBatch();
  return call;
}

}  // namespace mts::rpc
