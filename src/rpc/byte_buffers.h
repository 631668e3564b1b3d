// gRPC's byte buffers as bytes in one piece, and back.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT for a request that is not the message it should be.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <string>
#include <string_view>

#include "base/shared_bytes.h"
#include "google/protobuf/message_lite.h"
#include "grpcpp/support/status.h"

namespace mts::rpc {

// All of the buffer in one slice; copies only if it has several. `buffer` null or empty: an empty slice.
grpc::Slice Flatten(const grpc::ByteBuffer* buffer);

inline std::string_view View(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}
inline char* MutableData(grpc::Slice& slice) { return const_cast<char*>(reinterpret_cast<const char*>(slice.begin())); }

// A slice that holds the bytes; no copy.
grpc::Slice SliceOf(SharedBytes bytes);

inline grpc::ByteBuffer BufferOf(const grpc::Slice& slice) { return grpc::ByteBuffer(&slice, 1); }

// Parses a whole request.
grpc::Status ParseRequest(const grpc::ByteBuffer* buffer, google::protobuf::MessageLite& message);
grpc::ByteBuffer Serialize(const google::protobuf::MessageLite& message);

// What every call answers to bytes that are not its request.
grpc::Status MalformedRequest();

}  // namespace mts::rpc
