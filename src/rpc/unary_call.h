// A unary call with generated message types over raw bytes: parses the request (INVALID_ARGUMENT if it is not one),
// answers once, deletes itself.
//
// Threading: Reply or Fail exactly once, from any thread. Limits: gRPC's message size.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <utility>

#include "absl/status/status.h"
#include "rpc/byte_buffers.h"
#include "rpc/error_mapping.h"

namespace mts::rpc {

// Its OnDone needs no thread of its own: it only frees memory.
class InlineUnaryReactor : public grpc::ServerUnaryReactor {
 private:
  bool InternalInlineable() override { return true; }
};

// Answers a call with a status and nothing else.
inline grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, grpc::Status status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(std::move(status));
  return reactor;
}

template <typename Request, typename Response>
class UnaryCall : public InlineUnaryReactor {
 public:
  explicit UnaryCall(grpc::ByteBuffer* response) : response_(response) {}

  // Parses and, if that succeeds, hands the call to `serve`.
  template <typename Serve>
  static grpc::ServerUnaryReactor* Handle(const grpc::ByteBuffer* request, grpc::ByteBuffer* response, Serve serve) {
    auto* call = new UnaryCall(response);
    if (grpc::Status status = ParseRequest(request, call->request); !status.ok()) {
      call->Finish(std::move(status));
    } else {
      serve(call);
    }
    return call;
  }

  void Reply(const Response& response) {
    *response_ = Serialize(response);
    Finish(grpc::Status::OK);
  }
  void Reply(grpc::ByteBuffer response) {
    response_->Swap(&response);
    Finish(grpc::Status::OK);
  }
  void Fail(const absl::Status& status) { Finish(ToGrpcStatus(status)); }

  Request request;

 private:
  void OnDone() override { delete this; }

  grpc::ByteBuffer* const response_;
};

}  // namespace mts::rpc
