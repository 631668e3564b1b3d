// The bodies of the records that are not messages, and names of files: the first byte chooses which.
#include <cstdint>
#include <string>

#include "fuzz_check.h"
#include "log/format.h"

namespace {

using namespace mts::log;  // NOLINT: every decoder of the format

// What decodes, encodes to what decodes to the same.
template <typename Decode, typename Encode>
void CheckRoundTrip(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = decode(bytes);
  if (!value.has_value()) return;
  const std::string encoded = encode(*value);
  const auto again = decode(encoded);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(encoded == encode(*again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 9) {
    case 0:
      CheckRoundTrip(bytes, DecodePosition, EncodePosition);
      break;
    case 1:
      CheckRoundTrip(bytes, DecodeConsumerDeleted, EncodeConsumerDeleted);
      break;
    case 2:
      CheckRoundTrip(bytes, DecodeTrim, EncodeTrim);
      break;
    case 3:
      CheckRoundTrip(bytes, DecodePayloadRemoval, EncodePayloadRemoval);
      break;
    case 4:
      CheckRoundTrip(bytes, DecodePayloadsRemoved, EncodePayloadsRemoved);
      break;
    case 5:
      CheckRoundTrip(bytes, DecodeReservation, EncodeReservation);
      break;
    case 6:
      CheckRoundTrip(bytes, DecodeSeal, EncodeSeal);
      break;
    case 7:
      CheckRoundTrip(bytes, DecodeReference, EncodeReference);
      break;
    default: {
      const auto segment = ParseSegmentFileName(bytes);
      if (segment.has_value()) FUZZ_CHECK(SegmentFileName(*segment) == bytes);
      const auto index = ParseIndexFileName(bytes);
      if (index.has_value()) FUZZ_CHECK(IndexFileName(*index) == bytes);
    }
  }
  return 0;
}
