// Addresses as people write them: host:port, [v6]:port, or :port for this machine.
//
// Threading: pure functions; Resolve may wait for a name server. Errors: INVALID_ARGUMENT for what is no address,
// UNAVAILABLE for a name that cannot be resolved now.
#pragma once

#include <netdb.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace mts::iproto {

struct HostPort {
  std::string host;  // without brackets; may be empty
  std::string port;
};
absl::StatusOr<HostPort> SplitAddress(std::string_view address);

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// For a stream socket; to listen: an empty host means all interfaces.
absl::StatusOr<AddressList> Resolve(std::string_view address, bool to_listen);

}  // namespace mts::iproto
