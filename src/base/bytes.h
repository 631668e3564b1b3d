// Little-endian integers in byte strings: the one place that reads and writes them.
//
// Threading: pure functions. Reader never reads past its end: a failed read leaves ok() false and returns zero values.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace mts {

static_assert(std::endian::native == std::endian::little, "big-endian machines need byte swaps here");

template <typename T>
requires std::is_integral_v<T>
inline void StoreInteger(char* to, T value) { std::memcpy(to, &value, sizeof(T)); }

template <typename T>
requires std::is_integral_v<T>
inline T LoadInteger(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <typename T>
requires std::is_integral_v<T>
inline void AppendInteger(std::string& to, T value) { to.append(reinterpret_cast<const char*>(&value), sizeof(T)); }

// A length of two bytes and the bytes; `text` is at most 65,535 bytes long.
inline void AppendString16(std::string& to, std::string_view text) {
  AppendInteger<uint16_t>(to, static_cast<uint16_t>(text.size()));
  to.append(text);
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Integer() {
    const std::string_view bytes = Bytes(sizeof(T));
    return bytes.size() == sizeof(T) ? LoadInteger<T>(bytes.data()) : T{};
  }
  std::string_view Bytes(size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  std::string_view String16() { return Bytes(Integer<uint16_t>()); }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }
  // True when everything was read and nothing was missing.
  bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

inline constexpr uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

}  // namespace mts
