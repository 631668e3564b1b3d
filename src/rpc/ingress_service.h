// IngressService of the contract over the broker.
//
// Threading: gRPC's callback threads. Errors: error_mapping.h. Limits: the broker's; all PublishStreams together have
// at most half of what the store queues in flight.
#pragma once

#include "broker/broker.h"
#include "minitoolstream/ingress.grpc.pb.h"
#include "rpc/in_flight_gate.h"
#include "rpc/live_calls.h"

namespace mts::rpc {

using IngressBase = minitoolstream::IngressService::WithRawCallbackMethod_Publish<
    minitoolstream::IngressService::WithRawCallbackMethod_PublishBatch<
        minitoolstream::IngressService::WithRawCallbackMethod_PublishStream<
            minitoolstream::IngressService::WithRawCallbackMethod_Upload<minitoolstream::IngressService::Service>>>>;

class IngressService final : public IngressBase {
 public:
  IngressService(broker::Broker& broker, LiveCalls& calls);

  grpc::ServerUnaryReactor* Publish(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* PublishBatch(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* PublishStream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerReadReactor<grpc::ByteBuffer>* Upload(grpc::CallbackServerContext* context,
                                                    grpc::ByteBuffer* response) override;

 private:
  broker::Broker& broker_;
  LiveCalls& calls_;
  InFlightGate gate_;
};

}  // namespace mts::rpc
