// Appends msgpack values to a string. Integers come in two forms: shortest, and full width, which is what the quick
// start's clients need in replies (design section 5).
//
// Threading: pure functions. Errors: none. Limits: counts and lengths below 2^32.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mts::msgpack {

template <typename T>
inline void AppendBigEndian(std::string& to, T value) {
  char bytes[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * (sizeof(T) - 1 - i)));
  to.append(bytes, sizeof(T));
}

inline void AppendByte(std::string& to, uint8_t byte) { to.push_back(static_cast<char>(byte)); }

inline void AppendNil(std::string& to) { AppendByte(to, 0xC0); }
inline void AppendBool(std::string& to, bool value) { AppendByte(to, value ? 0xC3 : 0xC2); }

// A byte `small | count` up to `small_max`, else the heads for 16 and 32 bits.
inline void AppendCount(std::string& to, uint64_t count, uint8_t small, uint64_t small_max, uint8_t head16) {
  if (count <= small_max) {
    AppendByte(to, static_cast<uint8_t>(small | count));
  } else if (count <= UINT16_MAX) {
    AppendByte(to, head16);
    AppendBigEndian(to, static_cast<uint16_t>(count));
  } else {
    AppendByte(to, static_cast<uint8_t>(head16 + 1));
    AppendBigEndian(to, static_cast<uint32_t>(count));
  }
}
inline void AppendArray(std::string& to, uint64_t count) { AppendCount(to, count, 0x90, 15, 0xDC); }
inline void AppendMap(std::string& to, uint64_t count) { AppendCount(to, count, 0x80, 15, 0xDE); }

inline void AppendText(std::string& to, std::string_view text) {
  if (text.size() < 32) {
    AppendByte(to, static_cast<uint8_t>(0xA0 | text.size()));
  } else if (text.size() <= UINT8_MAX) {
    AppendByte(to, 0xD9);
    AppendByte(to, static_cast<uint8_t>(text.size()));
  } else if (text.size() <= UINT16_MAX) {
    AppendByte(to, 0xDA);
    AppendBigEndian(to, static_cast<uint16_t>(text.size()));
  } else {
    AppendByte(to, 0xDB);
    AppendBigEndian(to, static_cast<uint32_t>(text.size()));
  }
  to.append(text);
}

inline void AppendBinary(std::string& to, std::string_view bytes) {
  if (bytes.size() <= UINT8_MAX) {
    AppendByte(to, 0xC4);
    AppendByte(to, static_cast<uint8_t>(bytes.size()));
  } else if (bytes.size() <= UINT16_MAX) {
    AppendByte(to, 0xC5);
    AppendBigEndian(to, static_cast<uint16_t>(bytes.size()));
  } else {
    AppendByte(to, 0xC6);
    AppendBigEndian(to, static_cast<uint32_t>(bytes.size()));
  }
  to.append(bytes);
}

// Shortest form.
inline void AppendUnsigned(std::string& to, uint64_t value) {
  if (value <= 0x7F) {
    AppendByte(to, static_cast<uint8_t>(value));
  } else if (value <= UINT8_MAX) {
    AppendByte(to, 0xCC);
    AppendByte(to, static_cast<uint8_t>(value));
  } else if (value <= UINT16_MAX) {
    AppendByte(to, 0xCD);
    AppendBigEndian(to, static_cast<uint16_t>(value));
  } else if (value <= UINT32_MAX) {
    AppendByte(to, 0xCE);
    AppendBigEndian(to, static_cast<uint32_t>(value));
  } else {
    AppendByte(to, 0xCF);
    AppendBigEndian(to, value);
  }
}

// Full width, whatever the value.
inline void AppendUnsigned64(std::string& to, uint64_t value) {
  AppendByte(to, 0xCF);
  AppendBigEndian(to, value);
}
inline void AppendSigned64(std::string& to, int64_t value) {
  AppendByte(to, 0xD3);
  AppendBigEndian(to, static_cast<uint64_t>(value));
}

}  // namespace mts::msgpack
