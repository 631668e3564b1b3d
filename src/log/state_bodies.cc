// The bodies of records that are not messages (docs/log_format.md, "Types and their bodies").
#include "base/bytes.h"
#include "log/format.h"

namespace mts::log {
namespace {

constexpr uint8_t kResetFlag = 1;

ConsumerId ReadConsumerId(ByteReader& reader) {
  ConsumerId id;
  id.durable_name = std::string(reader.String16());
  id.subject = std::string(reader.String16());
  return id;
}

}  // namespace

std::string EncodePosition(const PositionBody& body) {
  std::string bytes;
  AppendString16(bytes, body.id.durable_name);
  AppendString16(bytes, body.id.subject);
  AppendInteger<uint64_t>(bytes, body.position.value());
  AppendInteger<uint8_t>(bytes, body.reset ? kResetFlag : 0);
  return bytes;
}

std::optional<PositionBody> DecodePosition(std::string_view bytes) {
  ByteReader reader(bytes);
  PositionBody body;
  body.id = ReadConsumerId(reader);
  body.position = Sequence(reader.Integer<uint64_t>());
  body.reset = (reader.Integer<uint8_t>() & kResetFlag) != 0;
  if (!reader.AtEnd()) return std::nullopt;
  return body;
}

std::string EncodeConsumerDeleted(const ConsumerId& id) {
  std::string bytes;
  AppendString16(bytes, id.durable_name);
  AppendString16(bytes, id.subject);
  return bytes;
}

std::optional<ConsumerId> DecodeConsumerDeleted(std::string_view bytes) {
  ByteReader reader(bytes);
  ConsumerId id = ReadConsumerId(reader);
  if (!reader.AtEnd()) return std::nullopt;
  return id;
}

std::string EncodeTrim(const TrimBody& body) {
  std::string bytes;
  AppendInteger<uint64_t>(bytes, body.first_segment.value());
  AppendInteger<uint64_t>(bytes, body.first_sequence.value());
  return bytes;
}

std::optional<TrimBody> DecodeTrim(std::string_view bytes) {
  ByteReader reader(bytes);
  TrimBody body;
  body.first_segment = SegmentNumber(reader.Integer<uint64_t>());
  body.first_sequence = Sequence(reader.Integer<uint64_t>());
  if (!reader.AtEnd()) return std::nullopt;
  return body;
}

std::string EncodePayloadRemoval(const std::vector<PayloadReference>& references) {
  std::string bytes;
  AppendInteger<uint32_t>(bytes, static_cast<uint32_t>(references.size()));
  for (const PayloadReference& reference : references) AppendString16(bytes, EncodeReference(reference));
  return bytes;
}

std::optional<std::vector<PayloadReference>> DecodePayloadRemoval(std::string_view bytes) {
  ByteReader reader(bytes);
  const uint32_t count = reader.Integer<uint32_t>();
  std::vector<PayloadReference> references;
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    std::optional<PayloadReference> reference = DecodeReference(reader.String16());
    if (!reference) return std::nullopt;
    references.push_back(*std::move(reference));
  }
  if (!reader.AtEnd()) return std::nullopt;
  return references;
}

std::string EncodePayloadsRemoved(GroupNumber removal_group) {
  std::string bytes;
  AppendInteger<uint64_t>(bytes, removal_group.value());
  return bytes;
}

std::optional<GroupNumber> DecodePayloadsRemoved(std::string_view bytes) {
  ByteReader reader(bytes);
  const GroupNumber group(reader.Integer<uint64_t>());
  if (!reader.AtEnd()) return std::nullopt;
  return group;
}

std::string EncodeReservation(Sequence through) {
  std::string bytes;
  AppendInteger<uint64_t>(bytes, through.value());
  return bytes;
}

std::optional<Sequence> DecodeReservation(std::string_view bytes) {
  ByteReader reader(bytes);
  const Sequence through(reader.Integer<uint64_t>());
  if (!reader.AtEnd()) return std::nullopt;
  return through;
}

std::string EncodeSeal(const SealBody& body) {
  std::string bytes;
  AppendInteger<uint64_t>(bytes, body.messages);
  AppendInteger<uint64_t>(bytes, body.first.value());
  AppendInteger<uint64_t>(bytes, body.last.value());
  return bytes;
}

std::optional<SealBody> DecodeSeal(std::string_view bytes) {
  ByteReader reader(bytes);
  SealBody body;
  body.messages = reader.Integer<uint64_t>();
  body.first = Sequence(reader.Integer<uint64_t>());
  body.last = Sequence(reader.Integer<uint64_t>());
  if (!reader.AtEnd()) return std::nullopt;
  return body;
}

}  // namespace mts::log
