#include "cli/bench/wire.h"

#include <algorithm>

#include "base/bytes.h"
#include "cli/client/upload.h"

namespace mts::cli {
namespace {

enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr uint64_t Tag(uint64_t field, WireType type) { return field << 3 | type; }

// The fields of the contract that are touched here.
constexpr uint64_t kRequestSubject = Tag(1, kBytes);
constexpr uint64_t kRequestData = Tag(2, kBytes);
constexpr uint64_t kRequestMessageId = Tag(10, kBytes);
constexpr uint64_t kBatchMessages = Tag(1, kBytes);
constexpr uint64_t kUploadChunk = Tag(2, kBytes);
constexpr uint64_t kAnswerStatusCode = Tag(3, kVarint);
constexpr uint64_t kAnswerErrorMessage = Tag(4, kBytes);
constexpr uint64_t kMessageSequence = Tag(2, kVarint);
constexpr uint64_t kChunkData = Tag(1, kBytes);
constexpr uint64_t kChunkCrc = Tag(3, kFixed32);

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

void AppendVarint(std::string& to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(value | 0x80));
  to.push_back(static_cast<char>(value));
}

size_t FieldSize(uint64_t tag, std::string_view bytes) {
  return bytes.empty() ? 0 : VarintSize(tag) + VarintSize(bytes.size()) + bytes.size();
}

void AppendField(std::string& to, uint64_t tag, std::string_view bytes) {
  if (bytes.empty()) return;
  AppendVarint(to, tag);
  AppendVarint(to, bytes.size());
  to.append(bytes);
}

// Within the next `length` bytes.
uint64_t ScanSequenceWithin(WireCursor& cursor, uint64_t length) {
  const uint64_t end = cursor.position() + length;
  uint64_t sequence = 0;
  while (cursor.position() < end && cursor.ok()) {
    const uint64_t tag = cursor.ReadVarint();
    if (tag == kMessageSequence) {
      sequence = cursor.ReadVarint();
      cursor.Skip(end - cursor.position());
    } else {
      cursor.SkipField(tag);
    }
  }
  return sequence;
}

}  // namespace

size_t EncodedSize(const WireMessage& message) {
  return FieldSize(kRequestSubject, message.subject) + FieldSize(kRequestData, message.data) +
         FieldSize(kRequestMessageId, message.message_id);
}

void AppendPublishRequest(std::string& to, const WireMessage& message) {
  AppendField(to, kRequestSubject, message.subject);
  AppendField(to, kRequestData, message.data);
  AppendField(to, kRequestMessageId, message.message_id);
}

void AppendBatchEntry(std::string& to, const WireMessage& message) {
  AppendVarint(to, kBatchMessages);
  AppendVarint(to, EncodedSize(message));
  AppendPublishRequest(to, message);
}

std::string EncodeUploadChunk(std::string_view chunk) {
  std::string encoded;
  AppendField(encoded, kUploadChunk, chunk);
  return encoded;
}

grpc::ByteBuffer ToByteBuffer(const std::string& encoded) {
  const grpc::Slice slice(encoded);
  return grpc::ByteBuffer(&slice, 1);
}

WireCursor::WireCursor(const grpc::ByteBuffer& buffer) {
  if (!buffer.Dump(&slices_).ok()) ok_ = false;
}

bool WireCursor::AtEnd() {
  while (slice_ < slices_.size() && offset_ == slices_[slice_].size()) {
    ++slice_;
    offset_ = 0;
  }
  return slice_ == slices_.size() || !ok_;
}

uint64_t WireCursor::ReadVarint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (AtEnd()) break;
    const uint8_t byte = slices_[slice_].begin()[offset_++];
    ++position_;
    value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

void WireCursor::ForEachPiece(uint64_t bytes, const std::function<void(std::string_view)>& visit) {
  while (bytes > 0) {
    if (AtEnd()) {
      ok_ = false;
      return;
    }
    const grpc::Slice& slice = slices_[slice_];
    const size_t length = std::min<uint64_t>(bytes, slice.size() - offset_);
    if (visit) visit({reinterpret_cast<const char*>(slice.begin()) + offset_, length});
    offset_ += length;
    position_ += length;
    bytes -= length;
  }
}

std::string WireCursor::ReadBytes(uint64_t bytes) {
  std::string text;
  ForEachPiece(bytes, [&](std::string_view piece) { text.append(piece); });
  return text;
}

void WireCursor::SkipField(uint64_t tag) {
  switch (tag & 7) {
    case kVarint:
      ReadVarint();
      break;
    case kFixed64:
      Skip(8);
      break;
    case kBytes:
      Skip(ReadVarint());
      break;
    case kFixed32:
      Skip(4);
      break;
    default:
      ok_ = false;
  }
}

absl::Status ScanPublishAnswer(const grpc::ByteBuffer& answer) {
  WireCursor cursor(answer);
  uint64_t status_code = 0;
  std::string error;
  while (!cursor.AtEnd()) {
    const uint64_t tag = cursor.ReadVarint();
    if (tag == kAnswerStatusCode) {
      status_code = cursor.ReadVarint();
    } else if (tag == kAnswerErrorMessage) {
      error = cursor.ReadBytes(cursor.ReadVarint());
    } else {
      cursor.SkipField(tag);
    }
  }
  return RefusalOf(static_cast<int64_t>(status_code), error);
}

ScannedBatch ScanMessageBatch(const grpc::ByteBuffer& answer) {
  ScannedBatch scanned;
  scanned.bytes = answer.Length();
  uint64_t last_at = 0;
  uint64_t last_length = 0;
  WireCursor cursor(answer);
  while (!cursor.AtEnd()) {
    cursor.ReadVarint();
    last_length = cursor.ReadVarint();
    last_at = cursor.position();
    cursor.Skip(last_length);
    if (cursor.ok()) ++scanned.messages;
  }
  if (scanned.messages == 0) return scanned;
  WireCursor again(answer);
  again.Skip(last_at);
  scanned.last_sequence = ScanSequenceWithin(again, last_length);
  return scanned;
}

uint64_t ScanSequence(const grpc::ByteBuffer& message) {
  WireCursor cursor(message);
  return ScanSequenceWithin(cursor, message.Length());
}

ScannedChunk ScanDownloadChunk(const grpc::ByteBuffer& chunk, const std::function<void(std::string_view)>& visit) {
  ScannedChunk scanned;
  WireCursor cursor(chunk);
  while (!cursor.AtEnd()) {
    const uint64_t tag = cursor.ReadVarint();
    if (tag == kChunkData) {
      const uint64_t length = cursor.ReadVarint();
      cursor.ForEachPiece(length, visit);
      if (cursor.ok()) scanned.bytes += length;
    } else if (tag == kChunkCrc) {
      const std::string crc = cursor.ReadBytes(4);
      if (cursor.ok()) scanned.payload_crc = LoadInteger<uint32_t>(crc.data());
    } else {
      cursor.SkipField(tag);
    }
  }
  return scanned;
}

}  // namespace mts::cli
