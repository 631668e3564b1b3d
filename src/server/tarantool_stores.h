// Messages in Tarantool, with payloads in S3 or in files.
//
// Threading: from one thread. Errors: as OpenStores; UNAVAILABLE when Tarantool has to tell which payload files are
// named and does not within kPatience.
#pragma once

#include "absl/status/statusor.h"
#include "server/configuration.h"
#include "server/stores.h"

namespace mts::server {

absl::StatusOr<Stores> OpenTarantoolWithS3(const Configuration& configuration);
absl::StatusOr<Stores> OpenTarantoolWithFiles(const Configuration& configuration);

}  // namespace mts::server
