// The header of a commit group. Identity, offset and checksum are put right, so that what lies behind them is reached.
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "fuzz_check.h"
#include "log/format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kIdentity = 7;
  constexpr uint64_t kOffset = 4096;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  FUZZ_CHECK(!mts::log::DecodeGroupHeader(bytes, kIdentity, kOffset + 8).has_value() || bytes.size() >= 72);
  if (size < mts::log::kGroupHeaderBytes) return 0;
  bytes.replace(0, 4, "MTSG");
  mts::StoreInteger<uint64_t>(bytes.data() + 8, kIdentity);
  mts::StoreInteger<uint64_t>(bytes.data() + 16, kOffset);
  mts::StoreInteger<uint32_t>(bytes.data() + 4, mts::Crc32c(std::string_view(bytes).substr(8, 64)));
  const auto header = mts::log::DecodeGroupHeader(bytes, kIdentity, kOffset);
  FUZZ_CHECK(header.has_value());
  FUZZ_CHECK(!mts::log::DecodeGroupHeader(bytes, kIdentity + 1, kOffset).has_value());
  FUZZ_CHECK(!mts::log::DecodeGroupHeader(bytes, kIdentity, kOffset + 8).has_value());
  std::string again(mts::log::kGroupHeaderBytes, '\0');
  mts::log::EncodeGroupHeader(*header, again.data());
  FUZZ_CHECK(again == bytes.substr(0, mts::log::kGroupHeaderBytes));
  return 0;
}
