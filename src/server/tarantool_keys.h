// The configuration keys of messages in Tarantool, and the options that they make.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT naming the key.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "server/configuration.h"
#include "server/configuration_keys.h"
#include "store/tarantool/tarantool_store.h"

namespace mts::server {

std::vector<ConfigurationKey> TarantoolKeys();

// Without what follows messages.
store::TarantoolOptions TarantoolOptionsOf(const Configuration& configuration);

}  // namespace mts::server
