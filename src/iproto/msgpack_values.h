// Builds msgpack from C++ values, for tests: Encode(Array("orders", 5, nullptr, Map("key", "value"))).
//
// Threading: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "model/msgpack_writer.h"

namespace mts::iproto {

// Already encoded.
struct Raw {
  std::string bytes;
};

inline void AppendOne(std::string& to, std::nullptr_t) { msgpack::AppendNil(to); }
inline void AppendOne(std::string& to, bool value) { msgpack::AppendBool(to, value); }
inline void AppendOne(std::string& to, double value) {
  msgpack::AppendByte(to, 0xCB);
  msgpack::AppendBigEndian(to, std::bit_cast<uint64_t>(value));
}
inline void AppendOne(std::string& to, const char* value) { msgpack::AppendText(to, value); }
inline void AppendOne(std::string& to, const std::string& value) { msgpack::AppendText(to, value); }
inline void AppendOne(std::string& to, const Raw& value) { to += value.bytes; }
template <typename T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) inline void AppendOne(std::string& to, T value) {
  if (value < T{0}) {
    msgpack::AppendSigned64(to, static_cast<int64_t>(value));
  } else {
    msgpack::AppendUnsigned(to, static_cast<uint64_t>(value));
  }
}

template <typename... Values>
Raw Array(const Values&... values) {
  Raw raw;
  msgpack::AppendArray(raw.bytes, sizeof...(values));
  (AppendOne(raw.bytes, values), ...);
  return raw;
}

// Keys and values in turn.
template <typename... Values>
Raw Map(const Values&... values) {
  Raw raw;
  msgpack::AppendMap(raw.bytes, sizeof...(values) / 2);
  (AppendOne(raw.bytes, values), ...);
  return raw;
}

inline Raw Binary(std::string_view bytes) {
  Raw raw;
  msgpack::AppendBinary(raw.bytes, bytes);
  return raw;
}

}  // namespace mts::iproto
