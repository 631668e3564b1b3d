#include "iproto/packet.h"

#include "model/msgpack_reader.h"
#include "model/msgpack_writer.h"

namespace mts::iproto {
namespace {

using Type = MsgpackReader::Type;

constexpr size_t kLengthBytes = 5;  // 0xCE and four bytes: always this form in what we send
constexpr size_t kLongestLength = 9;

std::string_view Between(std::string_view from, std::string_view rest) {
  return from.substr(0, from.size() - rest.size());
}

// One value as it stands.
bool RawValue(MsgpackReader& reader, Type type, std::optional<std::string_view>& raw) {
  const std::string_view before = reader.rest();
  MsgpackReader::Value head;
  if (!reader.Next(head) || head.type != type || !reader.SkipContent(head, 1)) return false;
  raw = Between(before, reader.rest());
  return true;
}

bool Unsigned(MsgpackReader& reader, std::optional<uint64_t>& number) {
  MsgpackReader::Value value;
  if (!reader.Next(value) || value.type != Type::kUnsigned) return false;
  number = value.number;
  return true;
}

bool Text(MsgpackReader& reader, std::optional<std::string_view>& text) {
  MsgpackReader::Value value;
  if (!reader.Next(value) || value.type != Type::kString) return false;
  text = value.bytes;
  return true;
}

bool BodyField(MsgpackReader& reader, uint64_t key, Body& body) {
  switch (key) {
    case kKeySpaceId:
      return Unsigned(reader, body.space_id);
    case kKeyIndexId:
      return Unsigned(reader, body.index_id);
    case kKeyLimit:
      return Unsigned(reader, body.limit);
    case kKeyOffset:
      return Unsigned(reader, body.offset);
    case kKeyIterator:
      return Unsigned(reader, body.iterator);
    case kKeyKey:
      return RawValue(reader, Type::kArray, body.key);
    case kKeyTuple:
      return RawValue(reader, Type::kArray, body.tuple);
    case kKeyFunctionName:
      return Text(reader, body.function_name);
    case kKeyUserName:
      return Text(reader, body.user_name);
    default:
      return reader.Skip(1);
  }
}

size_t BeginPacket(std::string& to, uint64_t sync, uint32_t schema_version, uint32_t type) {
  const size_t begin = to.size();
  msgpack::AppendByte(to, 0xCE);
  msgpack::AppendBigEndian<uint32_t>(to, 0);
  msgpack::AppendByte(to, 0x83);
  msgpack::AppendByte(to, kKeyRequestType);
  msgpack::AppendByte(to, 0xCE);
  msgpack::AppendBigEndian(to, type);
  msgpack::AppendByte(to, kKeySync);
  msgpack::AppendUnsigned64(to, sync);
  msgpack::AppendByte(to, kKeySchemaVersion);
  msgpack::AppendByte(to, 0xCE);
  msgpack::AppendBigEndian(to, schema_version);
  return begin;
}

}  // namespace

Frame NextFrame(std::string_view bytes, uint64_t max_packet_bytes) {
  Frame frame;
  if (bytes.empty()) return frame;
  MsgpackReader reader(bytes.substr(0, kLongestLength));
  MsgpackReader::Value length;
  if (!reader.Next(length)) {
    // Cut short, unless its first byte cannot begin a length.
    const auto head = static_cast<unsigned char>(bytes[0]);
    if (head < 0xCC || head > 0xCF) frame.state = Frame::State::kInvalid;
    return frame;
  }
  if (length.type != Type::kUnsigned) {
    frame.state = Frame::State::kInvalid;
    return frame;
  }
  if (length.number > max_packet_bytes) {
    frame.state = Frame::State::kTooLong;
    return frame;
  }
  frame.head_bytes = std::min(bytes.size(), kLongestLength) - reader.rest().size();
  frame.total_bytes = frame.head_bytes + length.number;
  if (bytes.size() < frame.total_bytes) return frame;
  frame.state = Frame::State::kWhole;
  frame.packet = bytes.substr(frame.head_bytes, length.number);
  return frame;
}

bool DecodeHeader(std::string_view packet, Request& request) {
  request = Request();
  MsgpackReader reader(packet);
  MsgpackReader::Value head;
  if (!reader.Next(head) || head.type != Type::kMap) return false;
  std::optional<uint64_t> type, sync, schema_version;
  for (uint64_t i = 0; i < head.number; ++i) {
    MsgpackReader::Value key;
    if (!reader.Next(key) || key.type != Type::kUnsigned) return false;
    bool ok = true;
    if (key.number == kKeyRequestType) {
      ok = Unsigned(reader, type) && *type <= UINT32_MAX;
    } else if (key.number == kKeySync) {
      ok = Unsigned(reader, sync);
      request.sync = sync.value_or(0);
    } else if (key.number == kKeySchemaVersion) {
      ok = Unsigned(reader, schema_version);
    } else {
      ok = reader.Skip(1);
    }
    if (!ok) return false;
  }
  if (!type.has_value()) return false;
  request.type = static_cast<RequestType>(*type);
  request.schema_version = schema_version.value_or(0);
  request.body = reader.rest();
  return true;
}

bool DecodeBody(std::string_view encoded, Body& body) {
  body = Body();
  if (encoded.empty()) return true;
  MsgpackReader reader(encoded);
  MsgpackReader::Value head;
  if (!reader.Next(head) || head.type != Type::kMap) return false;
  const uint64_t pairs = head.number;
  for (uint64_t i = 0; i < pairs; ++i) {
    MsgpackReader::Value key;
    if (!reader.Next(key) || key.type != Type::kUnsigned || !BodyField(reader, key.number, body)) return false;
  }
  return reader.AtEnd();
}

size_t BeginReply(std::string& to, uint64_t sync, uint32_t schema_version, uint32_t count) {
  const size_t begin = BeginPacket(to, sync, schema_version, static_cast<uint32_t>(RequestType::kOk));
  msgpack::AppendByte(to, 0x81);
  msgpack::AppendByte(to, kKeyData);
  msgpack::AppendByte(to, 0xDD);
  msgpack::AppendBigEndian(to, count);
  return begin;
}

void EndReply(std::string& to, size_t begin) {
  const auto length = static_cast<uint32_t>(to.size() - begin - kLengthBytes);
  for (size_t i = 0; i < 4; ++i) to[begin + 1 + i] = static_cast<char>(length >> (8 * (3 - i)));
}

void AppendReply(std::string& to, uint64_t sync, uint32_t schema_version, uint32_t count, std::string_view encoded) {
  const size_t begin = BeginReply(to, sync, schema_version, count);
  to.append(encoded);
  EndReply(to, begin);
}

void AppendReplyBody(std::string& to, uint64_t sync, uint32_t schema_version, std::string_view body) {
  const size_t begin = BeginPacket(to, sync, schema_version, static_cast<uint32_t>(RequestType::kOk));
  to.append(body);
  EndReply(to, begin);
}

void AppendEmptyReply(std::string& to, uint64_t sync, uint32_t schema_version) {
  AppendReplyBody(to, sync, schema_version, std::string_view("\x80", 1));
}

void AppendError(std::string& to, uint64_t sync, uint32_t schema_version, const Error& error) {
  const size_t begin = BeginPacket(to, sync, schema_version, kErrorReply | static_cast<uint32_t>(error.code));
  msgpack::AppendByte(to, 0x81);
  msgpack::AppendByte(to, kKeyError);
  msgpack::AppendText(to, error.text);
  EndReply(to, begin);
}

}  // namespace mts::iproto
