#include "tarantool/src/row.h"

#include "model/msgpack_reader.h"
#include "model/msgpack_writer.h"

namespace mts::tarantool {
namespace {

constexpr uint64_t kFields = 11;
constexpr int64_t kMicrosPerSecond = 1'000'000;

using Type = MsgpackReader::Type;

bool TakeNumber(MsgpackReader& reader, uint64_t& number) {
  MsgpackReader::Value value;
  if (!reader.Next(value) || value.type != Type::kUnsigned) return false;
  number = value.number;
  return true;
}

bool TakeText(MsgpackReader& reader, std::string_view& text) {
  MsgpackReader::Value value;
  if (!reader.Next(value) || value.type != Type::kString) return false;
  text = value.bytes;
  return true;
}

bool TakeHeaders(MsgpackReader& reader, std::string_view& headers) {
  const std::string_view before = reader.rest();
  MsgpackReader::Value value;
  if (!reader.Next(value) || value.type != Type::kMap || !reader.SkipContent(value, 1)) return false;
  headers = value.number == 0 ? std::string_view() : before.substr(0, before.size() - reader.rest().size());
  return true;
}

bool TakePayload(MsgpackReader& reader, std::string_view& payload) {
  MsgpackReader::Value value;
  if (!reader.Next(value)) return false;
  payload = value.bytes;
  return value.type == Type::kNil || value.type == Type::kBinary || value.type == Type::kString;
}

}  // namespace

uint64_t SizeOf(const NewRow& row) { return row.kind == PayloadKind::kInline ? row.payload.size() : row.size; }

void AppendRow(std::string& to, const NewRow& row, Sequence sequence, Timestamp time) {
  const auto micros = static_cast<uint64_t>(time.value());
  msgpack::AppendArray(to, kFields);
  msgpack::AppendUnsigned(to, sequence.value());
  row.headers.empty() ? msgpack::AppendMap(to, 0) : static_cast<void>(to.append(row.headers));
  msgpack::AppendText(to, row.object_name);
  msgpack::AppendText(to, row.subject);
  msgpack::AppendUnsigned(to, micros / kMicrosPerSecond);
  row.payload.empty() ? msgpack::AppendNil(to) : msgpack::AppendBinary(to, row.payload);
  msgpack::AppendUnsigned(to, micros);
  msgpack::AppendUnsigned(to, SizeOf(row));
  msgpack::AppendUnsigned(to, static_cast<uint64_t>(row.kind));
  msgpack::AppendUnsigned(to, row.offset);
  msgpack::AppendUnsigned(to, row.crc32c);
}

bool ParseRow(std::string_view tuple, Row& row) {
  MsgpackReader reader(tuple);
  MsgpackReader::Value head;
  uint64_t sequence = 0, create_at = 0, time = 0, kind = 0, crc32c = 0;
  if (!reader.Next(head) || head.type != Type::kArray || head.number < kFields) return false;
  if (!TakeNumber(reader, sequence) || !TakeHeaders(reader, row.message.headers) ||
      !TakeText(reader, row.object_name) || !TakeText(reader, row.message.subject) || !TakeNumber(reader, create_at)) {
    return false;
  }
  row.before_payload = tuple.substr(0, tuple.size() - reader.rest().size());
  if (!TakePayload(reader, row.message.payload)) return false;
  row.after_payload = reader.rest();
  if (!TakeNumber(reader, time) || !TakeNumber(reader, row.message.size) || !TakeNumber(reader, kind) ||
      !TakeNumber(reader, row.offset) || !TakeNumber(reader, crc32c) || kind > 2) {
    return false;
  }
  row.message.sequence = Sequence(sequence);
  row.message.time = Timestamp(static_cast<int64_t>(time));
  row.kind = static_cast<PayloadKind>(kind);
  row.crc32c = static_cast<uint32_t>(crc32c);
  return true;
}

PayloadReference Row::Reference() const { return {kind, offset, message.size, crc32c, std::string(object_name)}; }

void AppendRowForReader(std::string& to, const Row& row, std::string_view tuple, uint64_t max_inline_bytes) {
  if (row.message.payload.size() <= max_inline_bytes) {
    to.append(tuple);
    return;
  }
  to.append(row.before_payload);
  msgpack::AppendNil(to);
  to.append(row.after_payload);
}

}  // namespace mts::tarantool
