// A TCP socket that listens, and the options of the sockets that it accepts.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT for an address that is none, else those of the system calls, with
// the address.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace mts::iproto {

// `address` is host:port, [v6]:port or :port (all interfaces); port 0: any free one. Answers a non-blocking descriptor.
absl::StatusOr<int> Listen(std::string_view address);

// The port that a socket is bound to; 0 if unknown.
int BoundPort(int fd);

// True when only this machine can reach it.
bool IsLoopback(std::string_view address);

// Without delay, and a peer that vanished is found out: keepalive probes, and an end to unacknowledged data.
void SetConnectionOptions(int fd);

// The peer's address for the log.
std::string PeerOf(int fd);

}  // namespace mts::iproto
