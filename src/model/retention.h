// What the cleaner removes: a message goes as soon as any limit that is set is passed. 0 or less: not set.
#pragma once

#include <cstdint>

namespace mts {

struct Retention {
  int64_t max_age_micros = 0;
  uint64_t max_bytes = 0;
  uint64_t max_messages = 0;

  bool Unlimited() const { return max_age_micros <= 0 && max_bytes == 0 && max_messages == 0; }
  bool operator==(const Retention&) const = default;
};

}  // namespace mts
