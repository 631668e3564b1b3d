#include "payload.h"

#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/crc32c.h"

namespace mts::crash {

std::string MakeKey(int worker, uint64_t number, uint64_t size) {
  return absl::StrCat("w", worker, "-n", number, "-s", size);
}

std::string PayloadOf(std::string_view key) {
  uint64_t size = 0;
  const size_t at = key.rfind("-s");
  if (at == std::string_view::npos || !absl::SimpleAtoi(std::string(key.substr(at + 2)), &size)) return "not a key";
  std::string payload(size, '\0');
  uint64_t state = Crc32c(key) * 0x9E3779B97F4A7C15u + 1;
  for (uint64_t offset = 0; offset < size; offset += sizeof(state)) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::memcpy(payload.data() + offset, &state, std::min<uint64_t>(sizeof(state), size - offset));
  }
  return payload;
}

uint64_t RandomSize(Random& random, uint64_t large) {
  const uint64_t choice = random() % 1000;
  if (choice < 20) return 0;
  if (choice < 980) return random() % 2000;
  return random() % large;
}

}  // namespace mts::crash
