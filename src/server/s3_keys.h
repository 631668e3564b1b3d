// The configuration keys of payloads in S3, and the options that they make.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT naming the key.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "server/configuration.h"
#include "server/configuration_keys.h"
#include "store/s3/options.h"

namespace mts::server {

std::vector<ConfigurationKey> S3Keys();

// In the plain layout whoever goes to the bucket finds every payload there: none lies with its message.
bool KeepsPayloadsApart(const Configuration& configuration);

store::S3Options S3OptionsOf(const Configuration& configuration);
absl::Status ValidateS3(const Configuration& configuration);

}  // namespace mts::server
