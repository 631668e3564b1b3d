// The payload stores that the configuration names.
//
// Threading: from one thread. Errors: those of the disk; PERMISSION_DENIED and FAILED_PRECONDITION when S3 refuses us.
// An object store that cannot be reached is no error: the health service tells, and it may come later.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "server/configuration.h"
#include "store/files/payload_files.h"
#include "store/s3/s3_payloads.h"

namespace mts::server {

absl::StatusOr<std::unique_ptr<store::PayloadFiles>> OpenPayloadFiles(const Configuration& configuration);
absl::StatusOr<std::unique_ptr<store::S3Payloads>> OpenS3Payloads(const Configuration& configuration);

}  // namespace mts::server
