// AdminService of the contract over the broker: GetServerInfo, ListSubjects, ListConsumers; the others are not
// implemented yet.
//
// Threading: gRPC's callback threads. Errors: gRPC statuses. Limits: pages of at most 1,000.
#pragma once

#include <string>

#include "base/clock.h"
#include "broker/broker.h"
#include "minitoolstream/admin.grpc.pb.h"
#include "rpc/live_calls.h"

namespace mts::rpc {

using AdminBase = minitoolstream::AdminService::WithRawCallbackMethod_ListSubjects<
    minitoolstream::AdminService::WithRawCallbackMethod_ListConsumers<
        minitoolstream::AdminService::WithRawCallbackMethod_GetServerInfo<
            minitoolstream::AdminService::WithCallbackMethod_SetRetention<
                minitoolstream::AdminService::WithCallbackMethod_ListRetention<
                    minitoolstream::AdminService::WithCallbackMethod_PurgeSubject<
                        minitoolstream::AdminService::WithCallbackMethod_DeleteMessage<
                            minitoolstream::AdminService::WithCallbackMethod_ListScheduled<
                                minitoolstream::AdminService::WithCallbackMethod_CancelScheduled<
                                    minitoolstream::AdminService::WithCallbackMethod_ResetConsumer<
                                        minitoolstream::AdminService::WithCallbackMethod_UpdateConsumer<
                                            minitoolstream::AdminService::WithCallbackMethod_DeleteConsumer<
                                                minitoolstream::AdminService::Service>>>>>>>>>>>>;

class AdminService final : public AdminBase {
 public:
  AdminService(broker::Broker& broker, LiveCalls& calls, std::string version, Timestamp started)
      : broker_(broker), calls_(calls), version_(std::move(version)), started_(started) {}

  grpc::ServerUnaryReactor* ListSubjects(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListConsumers(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;

 private:
  broker::Broker& broker_;
  LiveCalls& calls_;
  const std::string version_;
  const Timestamp started_;
};

}  // namespace mts::rpc
