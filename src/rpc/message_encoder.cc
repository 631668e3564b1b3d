#include "rpc/message_encoder.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "model/headers.h"
#include "rpc/byte_buffers.h"
#include "rpc/wire_writer.h"

namespace mts::rpc {
namespace {

// Field numbers of the contract.
enum MessageField : unsigned {
  kSubject = 1,
  kSequence = 2,
  kData = 3,
  kHeaders = 4,
  kTimestamp = 5,
  kSize = 10,
  kPayloadStatus = 11,
  kObjectName = 13,
};

constexpr std::string_view kDataSizeHeader = "data-size";
constexpr std::string_view kPayloadStatusHeader = "payload-status";

class Digits {
 public:
  explicit Digits(uint64_t number) : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr) {}
  std::string_view text() const { return {digits_.data(), static_cast<size_t>(end_ - digits_.data())}; }

 private:
  std::array<char, 20> digits_;
  char* end_;
};

std::string_view StatusText(broker::PayloadStatus status) {
  switch (status) {
    case broker::PayloadStatus::kInline:
      return "inline";
    case broker::PayloadStatus::kDeferred:
      return "deferred";
    case broker::PayloadStatus::kMissing:
      return "missing";
    case broker::PayloadStatus::kCorrupt:
      return "corrupt";
  }
  return "";
}

size_t EntrySize(std::string_view key, std::string_view value) {
  return BytesFieldSize(key.size()) + BytesFieldSize(value.size());
}

struct Time {
  uint64_t seconds;
  uint32_t nanos;
};

Time Split(Timestamp timestamp) {
  int64_t seconds = timestamp.value() / 1'000'000;
  int64_t micros = timestamp.value() % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  return {static_cast<uint64_t>(seconds), static_cast<uint32_t>(micros * 1000)};
}

size_t TimeSize(const Time& time) {
  return (time.seconds != 0 ? 1 + VarintSize(time.seconds) : 0) + (time.nanos != 0 ? 1 + VarintSize(time.nanos) : 0);
}

// The key of a reference, else subject and sequence, as ObjectName makes it, without the string.
size_t ObjectNameSize(const StoredMessage& message, std::string_view digits) {
  if (message.reference && !message.reference->key.empty()) return message.reference->key.size();
  return message.subject.size() + 1 + digits.size();
}

// Calls `visit` with all headers of the encoded message; a later one of the same name counts.
template <typename Visit>
void ForEachHeader(const broker::Delivery& delivery, uint64_t data_size, DataSizeHeader data_size_header, Visit visit) {
  if (!delivery.message.headers.empty()) ForEachHeaderText(delivery.message.headers, visit);
  if (data_size_header == DataSizeHeader::kAdded && data_size > 0) visit(kDataSizeHeader, Digits(data_size).text());
  if (delivery.status != broker::PayloadStatus::kInline) visit(kPayloadStatusHeader, StatusText(delivery.status));
}

void WriteMessage(WireWriter& writer, const broker::Delivery& delivery, DataSizeHeader data_size_header) {
  const StoredMessage& message = delivery.message;
  const std::string_view data = delivery.data();
  if (!message.subject.empty()) writer.BytesField(kSubject, message.subject);
  writer.VarintField(kSequence, message.sequence.value());
  if (!data.empty()) writer.BytesField(kData, data);
  ForEachHeader(delivery, data.size(), data_size_header, [&](std::string_view key, std::string_view value) {
    writer.LengthField(kHeaders, EntrySize(key, value));
    writer.BytesField(1, key);
    writer.BytesField(2, value);
  });
  const Time time = Split(message.time);
  writer.LengthField(kTimestamp, TimeSize(time));
  if (time.seconds != 0) writer.VarintField(1, time.seconds);
  if (time.nanos != 0) writer.VarintField(2, time.nanos);
  if (message.size != 0) writer.VarintField(kSize, message.size);
  if (delivery.status != broker::PayloadStatus::kInline) {
    writer.VarintField(kPayloadStatus, static_cast<uint64_t>(delivery.status));
  }
  const Digits digits(message.sequence.value());
  writer.LengthField(kObjectName, ObjectNameSize(message, digits.text()));
  if (message.reference && !message.reference->key.empty()) {
    writer.Raw(message.reference->key);
  } else {
    writer.Raw(message.subject);
    writer.Byte('_');
    writer.Raw(digits.text());
  }
}

}  // namespace

uint64_t MessageSize(const broker::Delivery& delivery, uint64_t data_size, DataSizeHeader data_size_header) {
  const StoredMessage& message = delivery.message;
  size_t size = 1 + VarintSize(message.sequence.value());
  if (!message.subject.empty()) size += BytesFieldSize(message.subject.size());
  if (data_size != 0) size += BytesFieldSize(data_size);
  ForEachHeader(delivery, data_size, data_size_header,
                [&](std::string_view key, std::string_view value) { size += BytesFieldSize(EntrySize(key, value)); });
  size += BytesFieldSize(TimeSize(Split(message.time)));
  if (message.size != 0) size += 1 + VarintSize(message.size);
  if (delivery.status != broker::PayloadStatus::kInline) size += 2;
  return size + BytesFieldSize(ObjectNameSize(message, Digits(message.sequence.value()).text()));
}

uint64_t BatchEntrySize(const broker::Delivery& delivery, uint64_t data_size) {
  return BytesFieldSize(MessageSize(delivery, data_size, DataSizeHeader::kLeftOut));
}

grpc::ByteBuffer EncodeMessage(const broker::Delivery& delivery, DataSizeHeader data_size_header) {
  grpc::Slice slice(MessageSize(delivery, delivery.data().size(), data_size_header));
  WireWriter writer(MutableData(slice));
  WriteMessage(writer, delivery, data_size_header);
  return BufferOf(slice);
}

grpc::ByteBuffer EncodeMessageBatch(const broker::Deliveries& deliveries) {
  std::vector<uint64_t> sizes;
  sizes.reserve(deliveries.messages.size());
  uint64_t total = 0;
  for (const broker::Delivery& delivery : deliveries.messages) {
    sizes.push_back(MessageSize(delivery, delivery.data().size(), DataSizeHeader::kLeftOut));
    total += BytesFieldSize(sizes.back());
  }
  grpc::Slice slice(total);
  WireWriter writer(MutableData(slice));
  for (size_t i = 0; i < sizes.size(); ++i) {
    writer.LengthField(1, sizes[i]);
    WriteMessage(writer, deliveries.messages[i], DataSizeHeader::kLeftOut);
  }
  return BufferOf(slice);
}

grpc::ByteBuffer EncodeDownloadChunk(broker::Download::Chunk chunk, bool first, uint64_t size) {
  constexpr size_t kMaxFrame = 32;
  std::array<char, kMaxFrame> front;
  WireWriter front_writer(front.data());
  if (first && size != 0) front_writer.VarintField(2, size);
  if (chunk.crc32c) front_writer.Fixed32Field(3, *chunk.crc32c);
  if (!chunk.data.empty()) front_writer.LengthField(1, chunk.data.size());
  const std::array<grpc::Slice, 2> slices = {
      grpc::Slice(front.data(), static_cast<size_t>(front_writer.at() - front.data())), SliceOf(std::move(chunk.data))};
  return grpc::ByteBuffer(slices.data(), slices.size());
}

}  // namespace mts::rpc
