#include "model/headers.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "model/msgpack_reader.h"
#include "model/msgpack_writer.h"
#include "model/subject.h"

namespace mts {
namespace {

using Type = MsgpackReader::Type;

using NumberBuffer = std::array<char, 32>;

template <typename T>
std::string_view NumberText(NumberBuffer& buffer, T number) {
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), static_cast<size_t>(result.ptr - buffer.data())};
}

// The text to show for a value; false for what is left out.
bool TextOf(const MsgpackReader::Value& value, NumberBuffer& buffer, std::string_view& text) {
  switch (value.type) {
    case Type::kString:
      text = value.bytes;
      return IsValidUtf8(text);
    case Type::kBool:
      text = value.boolean ? "true" : "false";
      return true;
    case Type::kUnsigned:
      text = NumberText(buffer, value.number);
      return true;
    case Type::kSigned:
      text = NumberText(buffer, value.signed_number);
      return true;
    case Type::kFloat:
      text = NumberText(buffer, static_cast<float>(value.real));
      return true;
    case Type::kDouble:
      text = NumberText(buffer, value.real);
      return true;
    default:
      return false;
  }
}

}  // namespace

void HeadersEncoder::Begin(size_t count) {
  if (count > 0) msgpack::AppendMap(to_, count);
}

void HeadersEncoder::Add(std::string_view key, std::string_view value) {
  msgpack::AppendText(to_, key);
  msgpack::AppendText(to_, value);
}

absl::Status ValidateEncodedHeaders(std::string_view encoded) {
  if (encoded.empty()) return absl::OkStatus();
  MsgpackReader reader(encoded);
  MsgpackReader::Value value;
  if (!reader.Next(value) || value.type != Type::kMap) return absl::InvalidArgumentError("headers must be a map");
  const uint64_t pairs = value.number;
  for (uint64_t i = 0; i < pairs; ++i) {
    MsgpackReader::Value key;
    if (!reader.Next(key)) return absl::InvalidArgumentError("headers are cut short or not valid msgpack");
    if (key.type != Type::kString) return absl::InvalidArgumentError("headers must have strings as keys");
    if (!reader.Skip(2)) {
      return absl::InvalidArgumentError("headers are cut short, nested too deeply or not valid msgpack");
    }
  }
  if (!reader.AtEnd()) return absl::InvalidArgumentError("headers have bytes behind the map");
  return absl::OkStatus();
}

void ForEachHeaderText(std::string_view encoded,
                       absl::FunctionRef<void(std::string_view key, std::string_view value)> visit) {
  if (encoded.empty()) return;
  MsgpackReader reader(encoded);
  MsgpackReader::Value value;
  if (!reader.Next(value) || value.type != Type::kMap) return;
  const uint64_t pairs = value.number;
  for (uint64_t i = 0; i < pairs; ++i) {
    MsgpackReader::Value key;
    if (!reader.Next(key) || key.type != Type::kString) return;
    if (!reader.Next(value)) return;
    NumberBuffer buffer;
    std::string_view text;
    const bool shown = TextOf(value, buffer, text) && IsValidUtf8(key.bytes);
    if (!reader.SkipContent(value, 2)) return;
    if (shown) visit(key.bytes, text);
  }
}

std::string HeaderText(std::string_view encoded, std::string_view key) {
  std::string found;
  ForEachHeaderText(encoded, [&](std::string_view name, std::string_view value) {
    if (name == key) found = value;
  });
  return found;
}

}  // namespace mts
