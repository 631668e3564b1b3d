#include <cstdint>
#include <cstring>

#include "model/subject.h"

namespace mts {
namespace {

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// Length of the valid sequence at the start of `text`, which is not ASCII; 0 if there is none.
size_t SequenceLength(const unsigned char* text, size_t size) {
  const unsigned char first = text[0];
  if (first >= 0xC2 && first <= 0xDF) return size >= 2 && IsContinuation(text[1]) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (size < 3 || !IsContinuation(text[1]) || !IsContinuation(text[2])) return 0;
    if (first == 0xE0 && text[1] < 0xA0) return 0;   // longer than needed
    if (first == 0xED && text[1] >= 0xA0) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (size < 4 || !IsContinuation(text[1]) || !IsContinuation(text[2]) || !IsContinuation(text[3])) return 0;
    if (first == 0xF0 && text[1] < 0x90) return 0;   // longer than needed
    if (first == 0xF4 && text[1] >= 0x90) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = at + text.size();
  while (at < end) {
    if (end - at >= 8) {
      uint64_t eight;
      std::memcpy(&eight, at, 8);
      if ((eight & 0x8080808080808080u) == 0) {
        at += 8;
        continue;
      }
    }
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const size_t length = SequenceLength(at, static_cast<size_t>(end - at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

}  // namespace mts
