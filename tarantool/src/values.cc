#include "tarantool/src/values.h"

#include "base/text.h"

namespace mts::tarantool {
namespace {

// Headers may be as deep as everywhere else, within the arrays around them.
constexpr int kDepthOfArguments = -6;

}  // namespace

ValueReader::ValueReader(std::string_view encoded) : reader_(encoded) {
  Value head;
  if (reader_.Next(head) && head.type == Type::kArray) {
    left_ = head.number;
  } else {
    wrong_ = "an array is expected";
  }
}

ValueReader::Value ValueReader::Next(std::string_view& encoded) {
  Value value;
  ++taken_;
  if (left_ == 0 || !ok()) return Value();
  --left_;
  const std::string_view before = reader_.rest();
  if (!reader_.Next(value) || !reader_.SkipContent(value, kDepthOfArguments)) {
    wrong_ = Concat("value ", taken_, " is cut short, nested too deeply or not valid msgpack");
    return Value();
  }
  encoded = before.substr(0, before.size() - reader_.rest().size());
  return value;
}

void ValueReader::Refuse(std::string_view expected) {
  if (ok()) wrong_ = Concat("value ", taken_, " must be ", expected);
  left_ = 0;
}

uint64_t ValueReader::Number() {
  const std::optional<uint64_t> number = OptionalNumber();
  if (!number.has_value()) Refuse("an unsigned number");
  return number.value_or(0);
}

std::optional<uint64_t> ValueReader::OptionalNumber() {
  std::string_view encoded;
  const Value value = Next(encoded);
  if (value.type == Type::kNil) return std::nullopt;
  if (value.type != Type::kUnsigned) Refuse("an unsigned number");
  return value.number;
}

std::string_view ValueReader::Text() {
  std::string_view encoded;
  const Value value = Next(encoded);
  if (value.type != Type::kString && value.type != Type::kBinary) Refuse("a string");
  return value.bytes;
}

std::string_view ValueReader::OptionalText() {
  std::string_view encoded;
  const Value value = Next(encoded);
  if (value.type != Type::kNil && value.type != Type::kString && value.type != Type::kBinary) Refuse("a string");
  return value.bytes;
}

std::string_view ValueReader::OptionalMap() {
  std::string_view encoded;
  const Value value = Next(encoded);
  if (value.type == Type::kNil) return {};
  if (value.type != Type::kMap) Refuse("a map");
  return value.number == 0 ? std::string_view() : encoded;
}

std::string_view ValueReader::Array() {
  std::string_view encoded;
  const Value value = Next(encoded);
  if (value.type != Type::kArray) {
    Refuse("an array");
    return {};
  }
  return encoded;
}

}  // namespace mts::tarantool
