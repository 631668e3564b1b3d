// Where a payload lies that is not in its message's record.
//
// Threading: a value.
#pragma once

#include <cstdint>
#include <string>

namespace mts {

enum class PayloadKind : uint8_t {
  kInline = 0,  // with the message
  kStored = 1,  // in the payload store under a key that we made
  kNamed = 2,   // an object that a client put into the payload store and named
};

struct PayloadReference {
  PayloadKind kind = PayloadKind::kInline;
  uint64_t offset = 0;  // where it begins in the object (packs)
  uint64_t size = 0;    // bytes
  uint32_t crc32c = 0;  // of the payload; not known for kNamed
  std::string key;      // a key of the payload store, never a file path given by a client

  bool operator==(const PayloadReference&) const = default;
};

}  // namespace mts
