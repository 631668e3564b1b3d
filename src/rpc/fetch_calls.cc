#include "rpc/fetch_calls.h"

#include <algorithm>
#include <utility>

#include "minitoolstream/egress.pb.h"
#include "rpc/fetch_stream.h"
#include "rpc/message_encoder.h"
#include "rpc/time_conversion.h"
#include "rpc/unary_call.h"

namespace mts::rpc {
namespace {

constexpr uint32_t kDefaultBatchSize = 500;
constexpr uint64_t kDefaultMaxBytes = 3 * limits::kMiB;
constexpr uint64_t kDefaultMaxInlineBytes = 1 * limits::kMiB;

// 0 stands for the default; never more than one whole message may have.
uint64_t InlineLimit(uint64_t asked, const broker::Limits& limits) {
  return std::min(asked == 0 ? kDefaultMaxInlineBytes : asked, limits.max_message_bytes);
}

broker::FetchOptions ToOptions(const minitoolstream::FetchBatchRequest& request, const broker::Limits& limits) {
  broker::FetchOptions options;
  options.subject = request.subject();
  options.durable_name = request.durable_name();
  options.max_messages = request.batch_size() == 0 ? kDefaultBatchSize : request.batch_size();
  options.max_bytes =
      std::min(request.max_bytes() == 0 ? kDefaultMaxBytes : request.max_bytes(), limits.max_batch_bytes);
  options.encoded_size = &BatchEntrySize;
  options.max_inline_bytes = InlineLimit(request.max_inline_bytes(), limits);
  options.wait_micros = ToMicros(request.wait());
  options.auto_ack = request.auto_ack();
  switch (request.start().position_case()) {
    case minitoolstream::StartPosition::kAfterSequence:
      options.start.after_sequence = Sequence(request.start().after_sequence());
      break;
    case minitoolstream::StartPosition::kTime:
      options.start.time = ToTimestamp(request.start().time());
      break;
    case minitoolstream::StartPosition::kNewest:
      options.start.newest = request.start().newest();
      break;
    case minitoolstream::StartPosition::POSITION_NOT_SET:
      break;
  }
  return options;
}

class FetchBatchCall : public UnaryCall<minitoolstream::FetchBatchRequest, minitoolstream::MessageBatch> {
 public:
  using UnaryCall::UnaryCall;

  void Start(broker::Broker& broker) {
    cancel_ = broker.fetcher().Fetch(ToOptions(request, broker.options().limits),
                                     [this](absl::StatusOr<broker::Deliveries> deliveries) {
                                       if (!deliveries.ok()) return Fail(deliveries.status());
                                       Reply(EncodeMessageBatch(*deliveries));
                                     });
  }

 private:
  // Comes only after Start, and before OnDone.
  void OnCancel() override {
    if (cancel_) cancel_();
  }

  broker::CancelFetch cancel_;
};

using GetMessageCall = UnaryCall<minitoolstream::GetMessageRequest, minitoolstream::Message>;

}  // namespace

MessageWriter* StartFetch(broker::Broker& broker, LiveCalls& calls, const grpc::ByteBuffer* request) {
  const auto stream = std::make_shared<FetchStream>(broker, calls);
  stream->Start(request);
  return stream.get();
}

grpc::ServerUnaryReactor* StartFetchBatch(broker::Broker& broker, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) {
  auto* call = new FetchBatchCall(response);
  if (grpc::Status status = ParseRequest(request, call->request); !status.ok()) {
    call->Finish(std::move(status));
  } else {
    call->Start(broker);
  }
  return call;
}

grpc::ServerUnaryReactor* StartGetMessage(broker::Broker& broker, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) {
  return GetMessageCall::Handle(request, response, [&broker](GetMessageCall* call) {
    const minitoolstream::GetMessageRequest& get = call->request;
    broker.fetcher().GetMessage(get.subject(), Sequence(get.sequence()),
                                InlineLimit(get.max_inline_bytes(), broker.options().limits),
                                [call](absl::StatusOr<broker::Deliveries> found) {
                                  if (!found.ok()) return call->Fail(found.status());
                                  call->Reply(EncodeMessage(found->messages[0], DataSizeHeader::kLeftOut));
                                });
  });
}

}  // namespace mts::rpc
