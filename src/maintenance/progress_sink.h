// Long work tells how far it is, and is told when to stop.
//
// Threading: called by the thread that works.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"

namespace mts::maintenance {

struct ProgressSink {
  std::function<void(uint64_t bytes)> total = [](uint64_t) {};  // that there will be, as far as is known
  // `bytes` more are done, `what` is being done; an error ends the work with it.
  std::function<absl::Status(uint64_t bytes, std::string_view what)> advance = [](uint64_t, std::string_view) {
    return absl::OkStatus();
  };
};

}  // namespace mts::maintenance
