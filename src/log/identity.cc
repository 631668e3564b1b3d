#include "log/identity.h"

#include <random>

namespace mts::log {

uint64_t NewIdentity() {
  std::random_device random;
  return (uint64_t{random()} << 32) ^ random();
}

}  // namespace mts::log
