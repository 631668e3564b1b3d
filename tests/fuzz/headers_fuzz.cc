// A message's headers: msgpack from any client.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fuzz_check.h"
#include "model/headers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool valid = mts::ValidateEncodedHeaders(bytes).ok();
  std::vector<std::pair<std::string, std::string>> shown;
  mts::ForEachHeaderText(bytes, [&](std::string_view key, std::string_view value) { shown.emplace_back(key, value); });
  FUZZ_CHECK(shown.size() <= size);
  if (!valid) return 0;
  std::string encoded;
  mts::HeadersEncoder encoder(encoded);
  encoder.Begin(shown.size());
  for (const auto& [key, value] : shown) encoder.Add(key, value);
  FUZZ_CHECK(mts::ValidateEncodedHeaders(encoded).ok());
  size_t position = 0;
  mts::ForEachHeaderText(encoded, [&](std::string_view key, std::string_view value) {
    FUZZ_CHECK(position < shown.size() && shown[position].first == key && shown[position].second == value);
    ++position;
  });
  FUZZ_CHECK(position == shown.size());
  return 0;
}
