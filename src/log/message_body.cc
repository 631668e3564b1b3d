// The body of a message record (docs/log_format.md, "Message body").
#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "log/format.h"

namespace mts::log {
namespace {

constexpr uint8_t kExtensionTtl = 1;
constexpr uint64_t kTtlExtensionBytes = 2 + sizeof(int64_t);
constexpr uint64_t kReferenceFixedBytes = 1 + 8 + 8 + 4;

uint64_t ReferenceBytes(const NewMessage& message) {
  return message.reference == nullptr ? 0 : kReferenceFixedBytes + message.reference->key.size();
}
uint64_t ExtensionBytes(const NewMessage& message) { return message.ttl_micros ? kTtlExtensionBytes : 0; }

class BodyWriter {
 public:
  explicit BodyWriter(char* to) : start_(to), to_(to) {}
  template <typename T>
  void Integer(T value) {
    StoreInteger<T>(to_, value);
    to_ += sizeof(T);
  }
  void Bytes(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(to_, bytes.data(), bytes.size());
    to_ += bytes.size();
  }
  std::string_view written() const { return {start_, static_cast<size_t>(to_ - start_)}; }

 private:
  char* start_;
  char* to_;
};

void WriteReference(const PayloadReference& reference, BodyWriter& writer) {
  writer.Integer<uint8_t>(static_cast<uint8_t>(reference.kind));
  writer.Integer<uint64_t>(reference.offset);
  writer.Integer<uint64_t>(reference.size);
  writer.Integer<uint32_t>(reference.crc32c);
  writer.Bytes(reference.key);
}

struct Lengths {
  uint16_t subject = 0;
  uint16_t message_id = 0;
  uint32_t headers = 0;
  uint32_t reference = 0;
  uint32_t extensions = 0;

  uint64_t BeforePayload() const {
    return kMessageBodyFixedBytes + uint64_t{subject} + message_id + headers + reference + extensions;
  }
};

Lengths ReadLengths(ByteReader& reader) {
  Lengths lengths;
  lengths.subject = reader.Integer<uint16_t>();
  lengths.message_id = reader.Integer<uint16_t>();
  lengths.headers = reader.Integer<uint32_t>();
  lengths.reference = reader.Integer<uint32_t>();
  lengths.extensions = reader.Integer<uint32_t>();
  return lengths;
}

// False when the extensions are not whole.
bool ReadExtensions(std::string_view bytes, MessageBody& body) {
  ByteReader reader(bytes);
  while (reader.ok() && !reader.rest().empty()) {
    const uint8_t type = reader.Integer<uint8_t>();
    const std::string_view value = reader.Bytes(reader.Integer<uint8_t>());
    if (type == kExtensionTtl && value.size() == sizeof(int64_t)) body.ttl_micros = LoadInteger<int64_t>(value.data());
  }
  return reader.ok();
}

}  // namespace

uint64_t MessageBodyBytes(const NewMessage& message) {
  const uint64_t payload = message.reference == nullptr ? message.payload.size() : 0;
  return kMessageBodyFixedBytes + message.subject.size() + message.message_id.size() + message.headers.size() +
         ReferenceBytes(message) + ExtensionBytes(message) + payload;
}

uint32_t EncodeMessageBody(const NewMessage& message, char* to) {
  BodyWriter writer(to);
  writer.Integer<uint16_t>(static_cast<uint16_t>(message.subject.size()));
  writer.Integer<uint16_t>(static_cast<uint16_t>(message.message_id.size()));
  writer.Integer<uint32_t>(static_cast<uint32_t>(message.headers.size()));
  writer.Integer<uint32_t>(static_cast<uint32_t>(ReferenceBytes(message)));
  writer.Integer<uint32_t>(static_cast<uint32_t>(ExtensionBytes(message)));
  writer.Bytes(message.subject);
  writer.Bytes(message.message_id);
  writer.Bytes(message.headers);
  if (message.reference != nullptr) WriteReference(*message.reference, writer);
  if (message.ttl_micros) {
    writer.Integer<uint8_t>(kExtensionTtl);
    writer.Integer<uint8_t>(sizeof(int64_t));
    writer.Integer<int64_t>(*message.ttl_micros);
  }
  if (message.reference == nullptr) writer.Bytes(message.payload);
  return Crc32c(writer.written());
}

std::optional<MessageBody> DecodeMessageBody(std::string_view bytes) {
  ByteReader reader(bytes);
  const Lengths lengths = ReadLengths(reader);
  MessageBody body;
  body.subject = reader.Bytes(lengths.subject);
  body.message_id = reader.Bytes(lengths.message_id);
  body.headers = reader.Bytes(lengths.headers);
  const std::string_view reference = reader.Bytes(lengths.reference);
  const std::string_view extensions = reader.Bytes(lengths.extensions);
  if (!reader.ok()) return std::nullopt;
  if (lengths.reference > 0) {
    body.reference = DecodeReference(reference);
    if (!body.reference) return std::nullopt;
  }
  if (lengths.extensions > 0 && !ReadExtensions(extensions, body)) return std::nullopt;
  body.payload = reader.rest();
  body.size = body.reference ? body.reference->size : body.payload.size();
  return body;
}

std::optional<uint64_t> PayloadOffset(std::string_view prefix) {
  ByteReader reader(prefix);
  const Lengths lengths = ReadLengths(reader);
  if (!reader.ok()) return std::nullopt;
  return lengths.BeforePayload();
}

std::string EncodeReference(const PayloadReference& reference) {
  std::string bytes(kReferenceFixedBytes + reference.key.size(), '\0');
  BodyWriter writer(bytes.data());
  WriteReference(reference, writer);
  return bytes;
}

std::optional<PayloadReference> DecodeReference(std::string_view bytes) {
  ByteReader reader(bytes);
  PayloadReference reference;
  const uint8_t kind = reader.Integer<uint8_t>();
  reference.offset = reader.Integer<uint64_t>();
  reference.size = reader.Integer<uint64_t>();
  reference.crc32c = reader.Integer<uint32_t>();
  reference.key = std::string(reader.rest());
  const bool known =
      kind == static_cast<uint8_t>(PayloadKind::kStored) || kind == static_cast<uint8_t>(PayloadKind::kNamed);
  if (!reader.ok() || !known) return std::nullopt;
  reference.kind = static_cast<PayloadKind>(kind);
  return reference;
}

}  // namespace mts::log
