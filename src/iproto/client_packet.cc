#include "iproto/client_packet.h"

#include "base/text.h"
#include "iproto/protocol.h"
#include "iproto/scramble.h"
#include "model/msgpack_reader.h"
#include "model/msgpack_writer.h"

namespace mts::iproto {
namespace {

using Type = MsgpackReader::Type;

void AppendHead(std::string& to, RequestType type, uint64_t sync) {
  msgpack::AppendByte(to, 0xCE);
  msgpack::AppendBigEndian<uint32_t>(to, 0);
  msgpack::AppendMap(to, 2);
  msgpack::AppendUnsigned(to, kKeyRequestType);
  msgpack::AppendUnsigned(to, static_cast<uint32_t>(type));
  msgpack::AppendUnsigned(to, kKeySync);
  msgpack::AppendUnsigned(to, sync);
  msgpack::AppendMap(to, 2);
}

// Sets the length of the packet that begins at `begin` and of which `following` bytes are still to come.
void SetLength(std::string& to, size_t begin, uint64_t following) {
  const auto length = static_cast<uint32_t>(to.size() - begin - 5 + following);
  for (size_t i = 0; i < 4; ++i) to[begin + 1 + i] = static_cast<char>(length >> (8 * (3 - i)));
}

bool DecodeReplyHeader(MsgpackReader& reader, ReplyView& reply) {
  MsgpackReader::Value head;
  if (!reader.Next(head) || head.type != Type::kMap) return false;
  bool has_type = false, has_sync = false;
  for (uint64_t i = 0; i < head.number; ++i) {
    MsgpackReader::Value key, value;
    if (!reader.Next(key) || key.type != Type::kUnsigned) return false;
    if (key.number != kKeyRequestType && key.number != kKeySync) {
      if (!reader.Skip(1)) return false;
      continue;
    }
    if (!reader.Next(value) || value.type != Type::kUnsigned) return false;
    if (key.number == kKeySync) {
      has_sync = true;
      reply.sync = value.number;
      continue;
    }
    has_type = true;
    if (value.number != 0 && (value.number & kErrorReply) == 0) return false;
    if (value.number != 0) reply.error = static_cast<uint32_t>(value.number) & (kErrorReply - 1);
    if (value.number == kErrorReply) reply.error = UINT32_MAX;  // an error without a number is one all the same
  }
  return has_type && has_sync;
}

bool DecodeReplyField(MsgpackReader& reader, uint64_t key, ReplyView& reply) {
  const std::string_view before = reader.rest();
  MsgpackReader::Value value;
  if (!reader.Next(value)) return false;
  if (key == kKeyError) {
    reply.error_text = value.bytes;
    return value.type == Type::kString;
  }
  if (!reader.SkipContent(value, 1)) return false;
  if (key != kKeyData) return true;
  if (value.type != Type::kArray) return false;
  reply.data = before.substr(0, before.size() - reader.rest().size());
  return true;
}

}  // namespace

void AppendCallHead(std::string& to, uint64_t sync, std::string_view function, uint64_t arguments_bytes) {
  const size_t begin = to.size();
  AppendHead(to, RequestType::kCall, sync);
  msgpack::AppendUnsigned(to, kKeyFunctionName);
  msgpack::AppendText(to, function);
  msgpack::AppendUnsigned(to, kKeyTuple);
  SetLength(to, begin, arguments_bytes);
}

void AppendAuth(std::string& to, uint64_t sync, std::string_view user, std::string_view password,
                std::string_view salt) {
  const size_t begin = to.size();
  AppendHead(to, RequestType::kAuth, sync);
  msgpack::AppendUnsigned(to, kKeyUserName);
  msgpack::AppendText(to, user);
  msgpack::AppendUnsigned(to, kKeyTuple);
  msgpack::AppendArray(to, 2);
  msgpack::AppendText(to, "chap-sha1");
  msgpack::AppendText(to, ChapSha1Scramble(password, salt));
  SetLength(to, begin, 0);
}

bool DecodeReply(std::string_view packet, ReplyView& reply) {
  reply = ReplyView();
  MsgpackReader reader(packet);
  if (!DecodeReplyHeader(reader, reply)) return false;
  if (reader.AtEnd()) return true;
  MsgpackReader::Value body;
  if (!reader.Next(body) || body.type != Type::kMap) return false;
  for (uint64_t i = 0; i < body.number; ++i) {
    MsgpackReader::Value key;
    if (!reader.Next(key) || key.type != Type::kUnsigned || !DecodeReplyField(reader, key.number, reply)) return false;
  }
  return reader.AtEnd();
}

absl::Status StatusOfError(uint32_t error, std::string_view text) {
  const std::string message = Concat("Tarantool: ", text);
  switch (static_cast<ErrorCode>(error)) {
    case ErrorCode::kMemoryIssue:
    case ErrorCode::kWalIo:
      return absl::ResourceExhaustedError(message);
    case ErrorCode::kReadOnly:
    case ErrorCode::kTimeout:
    case ErrorCode::kLoading:
    case ErrorCode::kQuorumTimeout:
    case ErrorCode::kRollback:
    case ErrorCode::kForeignLimbo:
    case ErrorCode::kMasterMismatch:
      return absl::UnavailableError(message);
    case ErrorCode::kAccessDenied:
    case ErrorCode::kNoSuchUser:
    case ErrorCode::kWrongCredentials:
      return absl::PermissionDeniedError(message);
    case ErrorCode::kNoSuchProcedure:
    case ErrorCode::kNoSuchFunction:
      return absl::UnimplementedError(Concat(message, "; its module is older than this program, or was not loaded"));
    default:
      return absl::InternalError(Concat(message, " (error ", error, ")"));
  }
}

bool WasNotExecuted(uint32_t error) {
  return error == static_cast<uint32_t>(ErrorCode::kReadOnly) || error == static_cast<uint32_t>(ErrorCode::kLoading);
}

}  // namespace mts::iproto
