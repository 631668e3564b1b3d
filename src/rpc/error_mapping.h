// How errors reach a gRPC client (design section 7).
//
// Threading: pure functions.
#pragma once

#include <grpcpp/support/status.h>

#include <cstdint>

#include "absl/status/status.h"

namespace mts::rpc {

// The same canonical code and text.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Publishing: true for what can never be stored as it was sent, which is answered in status_code and error_message.
// What may be tried again and everything unexpected is a gRPC status.
bool AnsweredInResponse(const absl::Status& status);

inline int64_t StatusCodeField(const absl::Status& status) { return static_cast<int64_t>(status.code()); }

grpc::Status ShuttingDown();

}  // namespace mts::rpc
