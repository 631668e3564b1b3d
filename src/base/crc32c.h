// CRC32C (Castagnoli), as RFC 3720 section B.4: the checksum of every byte that we store. Computed by ISA-L, which
// picks the processor's best instructions.
//
// Threading: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace mts {

// Continues `crc` (0 to begin) over `data`: Crc32c(Crc32c(0, a), b) == Crc32c(0, a + b).
uint32_t ExtendCrc32c(uint32_t crc, std::string_view data);

inline uint32_t Crc32c(std::string_view data) { return ExtendCrc32c(0, data); }

}  // namespace mts
