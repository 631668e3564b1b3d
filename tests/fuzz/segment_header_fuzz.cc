// The header of a segment file. The checksum is put right, so that what lies behind it is reached.
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "fuzz_check.h"
#include "log/format.h"

namespace {

void Decode(std::string_view bytes) {
  const auto header = mts::log::DecodeSegmentHeader(bytes);
  if (!header.ok()) return;
  const std::string encoded = mts::log::EncodeSegmentHeader(*header);
  const auto again = mts::log::DecodeSegmentHeader(encoded);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(encoded == mts::log::EncodeSegmentHeader(*again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  Decode(bytes);
  if (size < 64) return 0;
  bytes.replace(0, 8, "MTSSEG01");
  mts::StoreInteger<uint32_t>(bytes.data() + 8, mts::Crc32c(std::string_view(bytes).substr(12, 52)));
  Decode(bytes);
  return 0;
}
