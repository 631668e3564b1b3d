// Reads a server that has just been restarted and compares it with the ledger.
//
// Threading: one thread, while nothing else talks to the server.
#pragma once

#include <cstdint>
#include <memory>

#include "grpcpp/channel.h"
#include "ledger.h"

namespace mts::crash {

// Checks every message above `after` and all positions; answers the greatest sequence.
uint64_t Verify(const std::shared_ptr<grpc::Channel>& channel, Ledger& ledger, uint64_t after);

}  // namespace mts::crash
