#include "store/tarantool/answer.h"

#include "base/text.h"

namespace mts::store {
namespace {

using Type = MsgpackReader::Type;

// The reply of a C function is wrapped at most this often.
constexpr int kMaxWraps = 3;
constexpr uint64_t kLastCode = 16;

}  // namespace

bool AnswerReader::Next(MsgpackReader::Value& value) {
  if (!ok_ || left_ == 0 || !reader_.Next(value)) {
    ok_ = false;
    return false;
  }
  --left_;
  return true;
}

std::optional<uint64_t> AnswerReader::OptionalUnsigned() {
  MsgpackReader::Value value;
  if (left_ == 0 || !Next(value) || value.type == Type::kNil) return std::nullopt;
  if (value.type == Type::kUnsigned) return value.number;
  Fail();
  return std::nullopt;
}

uint64_t AnswerReader::Unsigned() {
  const std::optional<uint64_t> number = OptionalUnsigned();
  if (!number.has_value()) Fail();
  return number.value_or(0);
}

bool AnswerReader::Bool() {
  MsgpackReader::Value value;
  if (Next(value) && value.type == Type::kBool) return value.boolean;
  Fail();
  return false;
}

std::optional<std::string_view> AnswerReader::OptionalText() {
  MsgpackReader::Value value;
  if (left_ == 0 || !Next(value) || value.type == Type::kNil) return std::nullopt;
  if (value.type == Type::kString || value.type == Type::kBinary) return value.bytes;
  Fail();
  return std::nullopt;
}

std::string_view AnswerReader::Text() {
  const std::optional<std::string_view> text = OptionalText();
  if (!text.has_value()) Fail();
  return text.value_or(std::string_view());
}

std::string_view AnswerReader::EncodedMap() {
  const std::string_view before = reader_.rest();
  MsgpackReader::Value value;
  if (!Next(value) || value.type == Type::kNil) return {};
  if (value.type != Type::kMap || !reader_.SkipContent(value, 1)) {
    Fail();
    return {};
  }
  if (value.number == 0) return {};
  return before.substr(0, before.size() - reader_.rest().size());
}

AnswerReader AnswerReader::Array() {
  MsgpackReader::Value value;
  AnswerReader elements;
  if (Next(value) && value.type == Type::kArray) {
    const std::string_view inside = reader_.rest();
    if (reader_.SkipContent(value, 1)) {
      elements = AnswerReader(inside.substr(0, inside.size() - reader_.rest().size()), value.number);
      return elements;
    }
  }
  Fail();
  elements.Fail();
  return elements;
}

absl::Status UnreadableAnswer() {
  return absl::UnavailableError("an answer of Tarantool cannot be read; whether the call took effect is unknown");
}

absl::Status StatusOfRefusal(uint64_t code, std::string_view message) {
  if (code == 0 || code > kLastCode) return absl::InternalError(Concat("Tarantool: ", message, " (status ", code, ")"));
  return absl::Status(static_cast<absl::StatusCode>(code), ToAbsl(message));
}

absl::StatusOr<AnswerReader> OpenAnswer(std::string_view data) {
  MsgpackReader reader(data);
  MsgpackReader::Value value;
  for (int wraps = 0; wraps <= kMaxWraps; ++wraps) {
    if (!reader.Next(value) || value.type != Type::kArray || value.number == 0) return UnreadableAnswer();
    const uint64_t elements = value.number;
    MsgpackReader inside(reader.rest());
    if (!inside.Next(value)) return UnreadableAnswer();
    if (value.type == Type::kArray) continue;
    if (value.type != Type::kUnsigned) return UnreadableAnswer();
    AnswerReader answer(reader.rest(), elements);
    const uint64_t code = answer.Unsigned();
    if (code == 0) return answer;
    return StatusOfRefusal(code, answer.OptionalText().value_or("refused"));
  }
  return UnreadableAnswer();
}

absl::Status Misdirected(std::string_view data) {
  MsgpackReader reader(data);
  MsgpackReader::Value value;
  uint64_t elements = 0;
  for (int wraps = 0; wraps <= kMaxWraps && reader.Next(value) && value.type == Type::kArray; ++wraps) {
    elements = value.number;
  }
  if (value.type != Type::kUnsigned || value.number != static_cast<uint64_t>(absl::StatusCode::kUnavailable)) {
    return absl::OkStatus();
  }
  if (elements < 3) return absl::OkStatus();
  AnswerReader answer(reader.rest(), elements - 1);
  const std::string_view message = answer.OptionalText().value_or("");
  if (!answer.Bool()) return absl::OkStatus();
  return absl::UnavailableError(ToAbsl(message));
}

}  // namespace mts::store
