// Msgpack as text, for tests: every value with its exact form, so that a test sees the width of an integer.
//
// 1 -> "1" (shortest form), "u64:1" (0xCF), "i64:0" (0xD3), "other:N" for other widths; texts in quotes, binary as
// x".."; lists in [], maps in {} in the order written. Threading: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "base/text.h"
#include "model/msgpack_reader.h"
#include "model/msgpack_writer.h"

namespace mts::iproto {

inline std::string NumberText(std::string_view encoded, const MsgpackReader::Value& value) {
  const bool is_signed = value.type == MsgpackReader::Type::kSigned;
  std::string number = is_signed ? Concat(value.signed_number) : Concat(value.number);
  const auto head = static_cast<unsigned char>(encoded[0]);
  std::string shortest;
  if (!is_signed) msgpack::AppendUnsigned(shortest, value.number);
  if (head == 0xCF) return Concat("u64:", number);
  if (head == 0xD3) return Concat("i64:", number);
  if (is_signed || shortest.size() == encoded.size()) return number;
  return Concat("other:", number);
}

// Takes one value from the reader.
inline std::string MsgpackText(MsgpackReader& reader) {
  using Type = MsgpackReader::Type;
  const std::string_view before = reader.rest();
  MsgpackReader::Value value;
  if (!reader.Next(value)) return "<cut>";
  const std::string_view encoded = before.substr(0, before.size() - reader.rest().size());
  switch (value.type) {
    case Type::kNil:
      return "nil";
    case Type::kBool:
      return value.boolean ? "true" : "false";
    case Type::kUnsigned:
    case Type::kSigned:
      return NumberText(encoded, value);
    case Type::kFloat:
    case Type::kDouble:
      return Concat(value.real);
    case Type::kString:
      return Concat("\"", value.bytes, "\"");
    case Type::kBinary:
      return Concat("x\"", absl::BytesToHexString(ToAbsl(value.bytes)), "\"");
    case Type::kExtension:
      return Concat("ext\"", absl::BytesToHexString(ToAbsl(value.bytes)), "\"");
    case Type::kArray: {
      std::string text = "[";
      for (uint64_t i = 0; i < value.number && text.size() < 1'000'000; ++i) {
        text += (i == 0 ? "" : ", ") + MsgpackText(reader);
      }
      return text + "]";
    }
    case Type::kMap: {
      std::string text = "{";
      for (uint64_t i = 0; i < value.number && text.size() < 1'000'000; ++i) {
        text += (i == 0 ? "" : ", ") + MsgpackText(reader);
        text += ": " + MsgpackText(reader);
      }
      return text + "}";
    }
  }
  return "<?>";
}

// All values there are, with a comma between them.
inline std::string MsgpackText(std::string_view encoded) {
  MsgpackReader reader(encoded);
  std::string text;
  while (!reader.AtEnd()) {
    text += (text.empty() ? "" : ", ") + MsgpackText(reader);
    if (text.size() >= 5 && text.substr(text.size() - 5) == "<cut>") break;
  }
  return text;
}

}  // namespace mts::iproto
