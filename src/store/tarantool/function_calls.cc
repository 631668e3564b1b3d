#include "store/tarantool/function_calls.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "model/msgpack_writer.h"
#include "store/tarantool/answer.h"

namespace mts::store {

Arguments::Arguments(uint64_t count) { msgpack::AppendArray(encoded_, count); }

Arguments& Arguments::Text(std::string_view text) {
  msgpack::AppendText(encoded_, text);
  return *this;
}

Arguments& Arguments::Number(uint64_t number) {
  msgpack::AppendUnsigned(encoded_, number);
  return *this;
}

absl::StatusOr<Hello> DecodeHello(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  const uint64_t version = answer.Unsigned();
  if (answer.ok() && version != kFunctionsVersion) {
    return absl::UnavailableError(Concat("its module speaks version ", version, ", this program ", kFunctionsVersion));
  }
  Hello hello;
  hello.writable = answer.Bool();
  hello.visible = Sequence(answer.Unsigned());
  hello.instance = answer.Text();
  if (!answer.ok()) return UnreadableAnswer();
  return hello;
}

std::string EncodeRead(const ReadRequest& request) {
  return Arguments(5)
      .Text(request.pattern.ToString())
      .Number(request.after.value())
      .Number(request.max_messages)
      .Number(request.max_bytes)
      .Number(request.max_inline_bytes)
      .Take();
}

absl::StatusOr<uint64_t> DecodeNumber(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  const uint64_t number = answer.Unsigned();
  if (!answer.ok()) return UnreadableAnswer();
  return number;
}

absl::StatusOr<Sequence> DecodeSequence(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(const uint64_t number, DecodeNumber(data));
  return Sequence(number);
}

absl::StatusOr<bool> DecodeFlag(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  const bool flag = answer.Bool();
  if (!answer.ok()) return UnreadableAnswer();
  return flag;
}

absl::StatusOr<std::optional<Sequence>> DecodePosition(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  const std::optional<uint64_t> position = answer.OptionalUnsigned();
  if (!answer.ok()) return UnreadableAnswer();
  return position.has_value() ? std::optional<Sequence>(*position) : std::nullopt;
}

absl::StatusOr<StoreInfo> DecodeInfo(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  StoreInfo info;
  info.kind = "tarantool";
  info.last_sequence = Sequence(answer.Unsigned());
  info.messages = answer.Unsigned();
  info.bytes = answer.Unsigned();
  info.durability = answer.Text();
  if (!answer.ok()) return UnreadableAnswer();
  return info;
}

absl::StatusOr<bool> DecodeSubjects(std::string_view data, std::vector<SubjectState>& states) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  AnswerReader list = answer.Array();
  while (list.left() > 0) {
    AnswerReader fields = list.Array();
    SubjectState& state = states.emplace_back();
    state.subject = fields.Text();
    state.first = Sequence(fields.Unsigned());
    state.last = Sequence(fields.Unsigned());
    state.messages = fields.Unsigned();
    state.bytes = fields.Unsigned();
    state.first_time = Timestamp(static_cast<int64_t>(fields.Unsigned()));
    state.last_time = Timestamp(static_cast<int64_t>(fields.Unsigned()));
    if (!fields.ok()) return UnreadableAnswer();
  }
  const bool more = answer.Bool();
  if (!answer.ok() || !list.ok()) return UnreadableAnswer();
  return more;
}

absl::StatusOr<std::vector<ConsumerState>> DecodeConsumers(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  AnswerReader list = answer.Array();
  std::vector<ConsumerState> states;
  while (list.left() > 0) {
    AnswerReader fields = list.Array();
    ConsumerState& state = states.emplace_back();
    state.id.durable_name = fields.Text();
    state.id.subject = fields.Text();
    state.position = Sequence(fields.Unsigned());
    state.last_active = Timestamp(static_cast<int64_t>(fields.OptionalUnsigned().value_or(0)));
    if (!fields.ok()) return UnreadableAnswer();
  }
  if (!answer.ok() || !list.ok()) return UnreadableAnswer();
  return states;
}

std::string EncodeExpire(const Retention& limits, uint64_t max_rows) {
  return Arguments(4)
      .Number(static_cast<uint64_t>(std::max<int64_t>(limits.max_age_micros, 0)))
      .Number(limits.max_bytes)
      .Number(limits.max_messages)
      .Number(max_rows)
      .Take();
}

absl::StatusOr<ExpireStep> DecodeExpire(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  ExpireStep step;
  step.more = answer.Bool();
  answer.Unsigned();  // how many were removed
  AnswerReader objects = answer.Array();
  while (objects.left() > 0) {
    PayloadReference& object = step.objects.emplace_back();
    const uint64_t kind = objects.Unsigned();
    object.kind = kind == static_cast<uint64_t>(PayloadKind::kNamed) ? PayloadKind::kNamed : PayloadKind::kStored;
    object.key = objects.Text();
  }
  if (!answer.ok() || !objects.ok()) return UnreadableAnswer();
  return step;
}

std::string EncodeNamed(const std::vector<std::string>& keys) {
  std::string encoded;
  msgpack::AppendArray(encoded, 1);
  msgpack::AppendArray(encoded, keys.size());
  for (const std::string& key : keys) msgpack::AppendText(encoded, key);
  return encoded;
}

absl::StatusOr<std::vector<std::string>> DecodeNamed(std::string_view data, std::vector<std::string> keys) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  AnswerReader flags = answer.Array();
  // A key that is not told about must not look as if nobody named it.
  if (!answer.ok() || flags.left() != keys.size()) return UnreadableAnswer();
  std::vector<std::string> named;
  for (std::string& key : keys) {
    if (flags.Bool()) named.push_back(std::move(key));
  }
  if (!flags.ok()) return UnreadableAnswer();
  return named;
}

std::string EncodeLiveBytes(absl::Span<const PayloadReferences::ObjectBytes> objects) {
  std::string encoded;
  msgpack::AppendArray(encoded, 1);
  msgpack::AppendArray(encoded, 2 * objects.size());
  for (const PayloadReferences::ObjectBytes& object : objects) {
    msgpack::AppendText(encoded, object.key);
    msgpack::AppendUnsigned(encoded, object.enough);
  }
  return encoded;
}

absl::Status DecodeLiveBytes(std::string_view data, size_t count, std::vector<uint64_t>& counted) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  AnswerReader numbers = answer.Array();
  if (!answer.ok() || numbers.left() == 0 || numbers.left() > count - counted.size()) return UnreadableAnswer();
  while (numbers.left() > 0) counted.push_back(numbers.Unsigned());
  return numbers.ok() ? absl::OkStatus() : UnreadableAnswer();
}

absl::StatusOr<std::vector<PayloadReferences::MessagePayload>> DecodePayloadsOf(std::string_view data,
                                                                                const std::string& key,
                                                                                Sequence after) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  AnswerReader numbers = answer.Array();
  std::vector<PayloadReferences::MessagePayload> payloads;
  while (numbers.left() > 0) {
    PayloadReferences::MessagePayload& payload = payloads.emplace_back();
    payload.sequence = Sequence(numbers.Unsigned());
    payload.reference.kind = PayloadKind::kStored;
    payload.reference.offset = numbers.Unsigned();
    payload.reference.size = numbers.Unsigned();
    payload.reference.crc32c = static_cast<uint32_t>(numbers.Unsigned());
    payload.reference.key = key;
    // Who goes on behind the last one comes to an end only so.
    if (payload.sequence <= after) return UnreadableAnswer();
    after = payload.sequence;
  }
  if (!answer.ok() || !numbers.ok()) return UnreadableAnswer();
  return payloads;
}

std::string EncodeMoves(absl::Span<const PayloadReferences::Move> moves) {
  std::string encoded;
  msgpack::AppendArray(encoded, 1);
  msgpack::AppendArray(encoded, moves.size());
  for (const PayloadReferences::Move& move : moves) {
    encoded += Arguments(6)
                   .Number(move.sequence.value())
                   .Text(move.from.key)
                   .Number(move.from.offset)
                   .Number(move.from.size)
                   .Text(move.to.key)
                   .Number(move.to.offset)
                   .Take();
  }
  return encoded;
}

}  // namespace mts::store
