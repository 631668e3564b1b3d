// One JSON object on one line, built member by member.
//
// Threading: one thread. Limits: text that is not UTF-8 is not representable; callers give it in base64 (AddPayload).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace mts::cli {

class JsonObject {
 public:
  JsonObject& Add(std::string_view key, std::string_view text);
  JsonObject& Add(std::string_view key, const char* text) { return Add(key, std::string_view(text)); }
  JsonObject& Add(std::string_view key, double number);
  template <std::integral T>
  JsonObject& Add(std::string_view key, T number) {
    if constexpr (std::same_as<T, bool>) return AddJson(key, number ? "true" : "false");
    return AddJson(key, std::to_string(number));
  }
  JsonObject& Add(std::string_view key, const JsonObject& object) { return AddJson(key, object.ToString()); }
  // `json` is JSON already.
  JsonObject& AddJson(std::string_view key, std::string_view json);
  // As "KEY": text if it is UTF-8, else as "KEY_base64".
  JsonObject& AddPayload(std::string_view key, std::string_view bytes);

  std::string ToString() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

// With quotes; bytes that are not UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

}  // namespace mts::cli
