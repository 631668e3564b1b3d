#include "cli/terminal/json.h"

#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "base/text.h"
#include "model/subject.h"

namespace mts::cli {
namespace {

void AppendEscaped(std::string& to, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (c == '\n') {
      to.append("\\n");
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&to, "\\u%04x", byte);
    } else {
      to.push_back(c);
    }
  }
}

// Bytes that are not part of a UTF-8 character become U+FFFD.
std::string Repaired(std::string_view text) {
  std::string repaired;
  while (!text.empty()) {
    size_t length = 1;
    while (length <= 4 && length <= text.size() && !IsValidUtf8(text.substr(0, length))) ++length;
    if (length <= 4 && length <= text.size()) {
      repaired.append(text.substr(0, length));
      text.remove_prefix(length);
    } else {
      repaired.append("\xef\xbf\xbd");
      text.remove_prefix(1);
    }
  }
  return repaired;
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string json = "\"";
  if (IsValidUtf8(text)) {
    AppendEscaped(json, text);
  } else {
    AppendEscaped(json, Repaired(text));
  }
  json.push_back('"');
  return json;
}

JsonObject& JsonObject::AddJson(std::string_view key, std::string_view json) {
  members_ += Concat(members_.empty() ? "" : ",", JsonString(key), ":", json);
  return *this;
}

JsonObject& JsonObject::Add(std::string_view key, std::string_view text) { return AddJson(key, JsonString(text)); }

JsonObject& JsonObject::Add(std::string_view key, double number) {
  return AddJson(key, std::isfinite(number) ? absl::StrFormat("%.10g", number) : "null");
}

JsonObject& JsonObject::AddPayload(std::string_view key, std::string_view bytes) {
  if (IsValidUtf8(bytes)) return Add(key, bytes);
  return Add(Concat(key, "_base64"), absl::Base64Escape(ToAbsl(bytes)));
}

}  // namespace mts::cli
