#include "rpc/byte_buffers.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include <utility>

namespace mts::rpc {

grpc::Slice Flatten(const grpc::ByteBuffer* buffer) {
  grpc::Slice slice;
  if (buffer == nullptr || !buffer->Valid()) return slice;
  if (buffer->TrySingleSlice(&slice).ok()) return slice;
  (void)buffer->DumpToSingleSlice(&slice);
  return slice;
}

grpc::Slice SliceOf(SharedBytes bytes) {
  auto* owner = new SharedBytes(std::move(bytes));
  return grpc::Slice(
      const_cast<char*>(owner->view().data()), owner->size(),  // gRPC only reads
      [](void* held) { delete static_cast<SharedBytes*>(held); }, owner);
}

grpc::Status ParseRequest(const grpc::ByteBuffer* buffer, google::protobuf::MessageLite& message) {
  if (buffer == nullptr || !buffer->Valid()) return MalformedRequest();
  grpc::ByteBuffer copy(*buffer);  // shares the bytes
  grpc::ProtoBufferReader reader(&copy);
  if (!reader.status().ok() || !message.ParseFromZeroCopyStream(&reader)) return MalformedRequest();
  return grpc::Status::OK;
}

grpc::ByteBuffer Serialize(const google::protobuf::MessageLite& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(MutableData(slice)));
  return BufferOf(slice);
}

grpc::Status MalformedRequest() {
  return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                      "request is not a valid protobuf message of its type (or has text that is not UTF-8)");
}

}  // namespace mts::rpc
