#include "server/payload_stores.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "base/status.h"
#include "io/file_system.h"
#include "server/s3_keys.h"

namespace mts::server {

absl::StatusOr<std::unique_ptr<store::PayloadFiles>> OpenPayloadFiles(const Configuration& configuration) {
  store::PayloadFiles::Options options;
  options.files = &io::PosixFileSystem();
  options.directory = io::JoinPath(configuration.data_dir, "payloads");
  options.min_free_bytes = configuration.min_free_bytes;
  return store::PayloadFiles::Open(std::move(options));
}

absl::StatusOr<std::unique_ptr<store::S3Payloads>> OpenS3Payloads(const Configuration& configuration) {
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::S3Payloads> payloads,
                       store::S3Payloads::Open(S3OptionsOf(configuration)));
  absl::Status status = payloads->EnsureBucket();
  if (absl::IsUnavailable(status)) {
    spdlog::warn("S3 does not answer yet: {}", std::string(status.message()));
  } else if (!status.ok()) {
    return status;
  }
  return payloads;
}

}  // namespace mts::server
