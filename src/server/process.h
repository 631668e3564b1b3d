// What the process asks of the system: signals and open files.
//
// Threading: HandleShutdownSignals before any other thread is started; then any.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/synchronization/notification.h"

namespace mts::server {

// The first SIGTERM or SIGINT notifies, the second ends the process at once. SIGPIPE is ignored. Lives as long as the
// process.
absl::Notification& HandleShutdownSignals();

// As many as the system allows; gives the number.
uint64_t RaiseOpenFileLimit();

}  // namespace mts::server
