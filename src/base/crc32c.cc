#include "base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace mts {

uint32_t ExtendCrc32c(uint32_t crc, std::string_view data) {
  // ISA-L takes a signed 32-bit length and neither inverts its input nor its result.
  constexpr size_t kStep = 1U << 30;
  uint32_t state = ~crc;
  while (!data.empty()) {
    const size_t step = std::min(kStep, data.size());
    auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(data.data()));
    state = crc32_iscsi(bytes, static_cast<int>(step), state);
    data.remove_prefix(step);
  }
  return ~state;
}

}  // namespace mts
