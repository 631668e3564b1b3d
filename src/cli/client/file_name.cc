#include "cli/client/file_name.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/text.h"
#include "model/subject.h"

namespace mts::cli {
namespace {

// Length of the UTF-8 character at the start, 0 if there is none.
size_t CharacterLength(std::string_view text) {
  for (size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (IsValidUtf8(text.substr(0, length))) return length;
  }
  return 0;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string EncodeFileName(std::string_view name) {
  std::string header;
  header.reserve(name.size());
  while (!name.empty()) {
    const size_t length = CharacterLength(name);
    if (length == 0 || name[0] == '%') {
      absl::StrAppendFormat(&header, "%%%02X", static_cast<unsigned char>(name[0]));
      name.remove_prefix(1);
    } else {
      header.append(name.substr(0, length));
      name.remove_prefix(length);
    }
  }
  return header;
}

absl::StatusOr<std::string> DecodeFileName(std::string_view header) {
  std::string name;
  name.reserve(header.size());
  for (size_t i = 0; i < header.size(); ++i) {
    if (header[i] != '%') {
      name.push_back(header[i]);
      continue;
    }
    const int high = i + 1 < header.size() ? HexValue(header[i + 1]) : -1;
    const int low = i + 2 < header.size() ? HexValue(header[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return absl::InvalidArgumentError(Concat("file name '", header, "': '%' without two hexadecimal digits"));
    }
    name.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return name;
}

absl::StatusOr<std::vector<std::string>> SafeComponents(std::string_view name) {
  const auto refused = [&](std::string_view why) {
    return absl::InvalidArgumentError(Concat("file name '", absl::CHexEscape(ToAbsl(name)), "' ", why));
  };
  if (name.empty()) return refused("is empty");
  if (name[0] == '/') return refused("is absolute");
  if (name.find('\0') != std::string_view::npos) return refused("has a zero byte");
  std::vector<std::string> components = absl::StrSplit(ToAbsl(name), '/');
  for (const std::string& component : components) {
    if (component.empty()) return refused("has an empty part");
    if (component == "." || component == "..") return refused("leaves its folder");
  }
  return components;
}

}  // namespace mts::cli
