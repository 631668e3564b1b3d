// The fuzzer's bytes as a stream of numbers and pieces; at the end it gives zeros and nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mts::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : bytes_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return bytes_.empty(); }

  template <typename Integer>
  Integer Number() {
    Integer value = 0;
    const std::string_view taken = Piece(sizeof(value));
    std::memcpy(&value, taken.data(), taken.size());
    return value;
  }

  std::string_view Piece(size_t length) {
    const std::string_view taken = bytes_.substr(0, length);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view bytes_;
};

// Puts pieces of the input at places of `target` that the input chooses.
inline void Patch(Input& input, char* target, size_t size) {
  while (!input.empty() && size > 0) {
    const size_t offset = input.Number<uint32_t>() % size;
    const std::string_view piece = input.Piece(1 + input.Number<uint8_t>() % 16);
    std::memcpy(target + offset, piece.data(), std::min(piece.size(), size - offset));
  }
}

}  // namespace mts::fuzz
