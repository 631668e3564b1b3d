// Tells the service manager that started this process how it is: the protocol of systemd's Type=notify, one datagram to
// the socket that $NOTIFY_SOCKET names. Without that variable nothing is sent.
//
// Threading: any thread; reads the environment. Errors: INVALID_ARGUMENT for a variable that names no socket; those of
// ErrnoStatus when the datagram was not taken.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace mts::server {

inline constexpr std::string_view kServiceReady = "READY=1";
inline constexpr std::string_view kServiceStopping = "STOPPING=1";

absl::Status NotifyServiceManager(std::string_view state);

}  // namespace mts::server
