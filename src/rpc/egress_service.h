// EgressService of the contract over the broker; Consume and Acknowledge are not implemented yet.
//
// Threading: gRPC's callback threads. Errors: gRPC statuses, but AckMessage answers refusals in its response. Limits:
// the broker's.
#pragma once

#include "broker/broker.h"
#include "minitoolstream/egress.grpc.pb.h"
#include "rpc/live_calls.h"

namespace mts::rpc {

using EgressBase = minitoolstream::EgressService::WithRawCallbackMethod_Subscribe<
    minitoolstream::EgressService::WithRawCallbackMethod_Fetch<
        minitoolstream::EgressService::WithRawCallbackMethod_GetLastSequence<
            minitoolstream::EgressService::WithRawCallbackMethod_AckMessage<
                minitoolstream::EgressService::WithRawCallbackMethod_Peek<
                    minitoolstream::EgressService::WithRawCallbackMethod_FetchBatch<
                        minitoolstream::EgressService::WithRawCallbackMethod_GetMessage<
                            minitoolstream::EgressService::WithRawCallbackMethod_Download<
                                minitoolstream::EgressService::WithCallbackMethod_Consume<
                                    minitoolstream::EgressService::WithCallbackMethod_Acknowledge<
                                        minitoolstream::EgressService::Service>>>>>>>>>>;

class EgressService final : public EgressBase {
 public:
  EgressService(broker::Broker& broker, LiveCalls& calls) : broker_(broker), calls_(calls) {}

  using Writer = grpc::ServerWriteReactor<grpc::ByteBuffer>;
  Writer* Subscribe(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  Writer* Fetch(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  Writer* Peek(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  Writer* Download(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* GetLastSequence(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* AckMessage(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* FetchBatch(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetMessage(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;

 private:
  broker::Broker& broker_;
  LiveCalls& calls_;
};

}  // namespace mts::rpc
