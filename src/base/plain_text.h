// Whether a file that people edit is text at all: libraries that read such files may take a control character for the
// file's end and see nothing of what follows.
//
// Threading: pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace mts {

// The line, from 1 on, of the first control character that is no tab or line end; 0: there is none.
inline int64_t LineOfControlCharacter(std::string_view text) {
  const auto is_one = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7f || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r');
  };
  const auto found = std::find_if(text.begin(), text.end(), is_one);
  return found == text.end() ? 0 : 1 + std::count(text.begin(), found, '\n');
}

}  // namespace mts
