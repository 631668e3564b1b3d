// Encodes the answers to publishing.
//
// Threading: pure functions.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/statusor.h"
#include "broker/publisher.h"
#include "store/message_store.h"

namespace mts::rpc {

// A PublishResponse; a failure must be one that is AnsweredInResponse.
grpc::ByteBuffer EncodePublished(const absl::StatusOr<broker::Published>& published);
// A PublishBatchResponse, likewise.
grpc::ByteBuffer EncodeBatchOutcome(const store::AppendOutcome& outcome);

}  // namespace mts::rpc
