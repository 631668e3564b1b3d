// A spot of a file that cannot be read although it was durable: reported and skipped, never an error (promise P5).
//
// Threading: a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace mts::log {

struct DamageReport {
  std::string file;
  uint64_t offset = 0;
  uint64_t bytes = 0;  // that could not be read
  std::string what;
};

// Receives the spots of one file; `what` lives for the call.
using DamageSink = absl::FunctionRef<void(uint64_t offset, uint64_t bytes, std::string_view what)>;

}  // namespace mts::log
