// The few messages of the contract that a benchmark sends and receives, written and scanned on the wire: a batch is
// encoded once and sent many times, and of an answer only what counts is looked at.
//
// Threading: pure functions. Errors: a scan of bytes that are no such message gives what it found before.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace mts::cli {

// PublishRequest with these fields.
struct WireMessage {
  std::string_view subject;
  std::string_view data;
  std::string_view message_id;
};
size_t EncodedSize(const WireMessage& message);
void AppendPublishRequest(std::string& to, const WireMessage& message);
// As an entry of PublishBatchRequest.
void AppendBatchEntry(std::string& to, const WireMessage& message);
// UploadRequest{chunk}.
std::string EncodeUploadChunk(std::string_view chunk);

grpc::ByteBuffer ToByteBuffer(const std::string& encoded);

// Walks over the bytes of a buffer that lie in several pieces.
class WireCursor {
 public:
  explicit WireCursor(const grpc::ByteBuffer& buffer);

  bool AtEnd();
  // Position from the start.
  uint64_t position() const { return position_; }
  bool ok() const { return ok_; }
  uint64_t ReadVarint();
  void Skip(uint64_t bytes) { ForEachPiece(bytes, nullptr); }
  void ForEachPiece(uint64_t bytes, const std::function<void(std::string_view)>& visit);
  std::string ReadBytes(uint64_t bytes);
  // After a tag that is of no interest.
  void SkipField(uint64_t tag);

 private:
  std::vector<grpc::Slice> slices_;
  size_t slice_ = 0;
  size_t offset_ = 0;
  uint64_t position_ = 0;
  bool ok_ = true;
};

// Of a PublishResponse or PublishBatchResponse: OK, or the refusal in it.
absl::Status ScanPublishAnswer(const grpc::ByteBuffer& answer);

struct ScannedBatch {
  uint64_t messages = 0;
  uint64_t last_sequence = 0;
  uint64_t bytes = 0;
};
// Of a MessageBatch: how many messages, and the last one's sequence.
ScannedBatch ScanMessageBatch(const grpc::ByteBuffer& answer);
// Of a Message: its sequence.
uint64_t ScanSequence(const grpc::ByteBuffer& message);

struct ScannedChunk {
  uint64_t bytes = 0;
  std::optional<uint32_t> payload_crc;
};
// Of a DownloadChunk; its data goes to `visit` where that is given.
ScannedChunk ScanDownloadChunk(const grpc::ByteBuffer& chunk, const std::function<void(std::string_view)>& visit);

}  // namespace mts::cli
