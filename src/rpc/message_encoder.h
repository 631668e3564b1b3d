// Encodes messages on their way out straight from the store's views: Message, MessageBatch and DownloadChunk, each into
// one allocation of exactly its size.
//
// Threading: pure functions. Limits: what the fetch was limited to.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <string>

#include "broker/delivery.h"
#include "broker/download.h"

namespace mts::rpc {

// Fetch and Peek add the header `data-size`, as clients of the existing system expect.
enum class DataSizeHeader { kAdded, kLeftOut };

// Size of a Message without its tag and length.
uint64_t MessageSize(const broker::Delivery& delivery, uint64_t data_size, DataSizeHeader data_size_header);
// What the message takes in a MessageBatch (broker::EncodedSize).
uint64_t BatchEntrySize(const broker::Delivery& delivery, uint64_t data_size);

grpc::ByteBuffer EncodeMessage(const broker::Delivery& delivery, DataSizeHeader data_size_header);
grpc::ByteBuffer EncodeMessageBatch(const broker::Deliveries& deliveries);

// `size` is that of the whole payload, told in the first chunk.
grpc::ByteBuffer EncodeDownloadChunk(broker::Download::Chunk chunk, bool first, uint64_t size);

}  // namespace mts::rpc
