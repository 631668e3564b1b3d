// Writes the protobuf wire format into memory whose size was computed before.
//
// Threading: a value, one thread. Errors: none; the caller provides as many bytes as the Size functions add up to.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mts::rpc {

inline constexpr size_t VarintSize(uint64_t value) { return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7; }
// A field with a length in front, its tag being one byte.
inline constexpr size_t BytesFieldSize(size_t size) { return 1 + VarintSize(size) + size; }

class WireWriter {
 public:
  explicit WireWriter(char* to) : at_(to) {}

  void Byte(unsigned char byte) { *at_++ = static_cast<char>(byte); }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      Byte(static_cast<unsigned char>(value | 0x80));
      value >>= 7;
    }
    Byte(static_cast<unsigned char>(value));
  }
  void Fixed32(uint32_t value) {
    std::memcpy(at_, &value, sizeof(value));
    at_ += sizeof(value);
  }
  void Raw(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  // Fields with a number below 16.
  void VarintField(unsigned number, uint64_t value) {
    Byte(static_cast<unsigned char>(number << 3));
    Varint(value);
  }
  void BytesField(unsigned number, std::string_view bytes) {
    LengthField(number, bytes.size());
    Raw(bytes);
  }
  void LengthField(unsigned number, size_t size) {
    Byte(static_cast<unsigned char>(number << 3 | 2));
    Varint(size);
  }
  void Fixed32Field(unsigned number, uint32_t value) {
    Byte(static_cast<unsigned char>(number << 3 | 5));
    Fixed32(value);
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

}  // namespace mts::rpc
