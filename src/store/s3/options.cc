#include "store/s3/options.h"

#include <string_view>

#include "base/text.h"
#include "store/s3/endpoint.h"

namespace mts::store {
namespace {

bool IsKeyCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '/'; }

absl::Status ValidatePrefix(std::string_view prefix) {
  if (prefix.size() < 2 || prefix.size() > 100 || prefix.back() != '/' || prefix.front() == '/' ||
      prefix.find("//") != prefix.npos) {
    return absl::InvalidArgumentError("the prefix of payload keys is 2 to 100 bytes like \"mts/\"");
  }
  for (const char c : prefix) {
    if (!IsKeyCharacter(c))
      return absl::InvalidArgumentError("the prefix of payload keys may hold a-z, 0-9, - and / only");
  }
  return absl::OkStatus();
}

absl::Status ValidateBucket(std::string_view bucket) {
  if (bucket.size() < 3 || bucket.size() > 63) return absl::InvalidArgumentError("a bucket's name has 3 to 63 bytes");
  for (const char c : bucket) {
    if (!IsKeyCharacter(c) && c != '.')
      return absl::InvalidArgumentError("a bucket's name may hold a-z, 0-9, - and . only");
  }
  if (bucket.find('/') != bucket.npos) return absl::InvalidArgumentError("a bucket's name holds no slash");
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const S3Options& options) {
  if (absl::Status status = s3::ParseEndpoint(options.endpoint).status(); !status.ok()) return status;
  if (absl::Status status = ValidateBucket(options.bucket); !status.ok()) return status;
  if (absl::Status status = ValidatePrefix(options.prefix); !status.ok()) return status;
  if (options.access_key.empty() || options.secret_key.empty()) {
    return absl::InvalidArgumentError("S3 needs an access key and a secret key");
  }
  if (options.region.empty()) return absl::InvalidArgumentError("S3 needs a region");
  if (options.pack_below > limits::kMiB) return absl::InvalidArgumentError("pack_below is at most 1 MiB");
  if (options.part_bytes < 5 * limits::kMiB || options.part_bytes > 64 * limits::kMiB) {
    return absl::InvalidArgumentError("parts of uploads have 5 to 64 MiB");
  }
  if (options.upload_bytes < 64 * limits::kMiB) {
    return absl::InvalidArgumentError("the memory of uploads has to hold a part of 64 MiB");
  }
  if (options.upload_parallelism < 1 || options.max_connections < 4) {
    return absl::InvalidArgumentError("upload_parallelism is at least 1, max_connections at least 4");
  }
  if (options.request_timeout_micros <= 0 || options.stall_timeout_micros <= 0) {
    return absl::InvalidArgumentError("timeouts are above 0");
  }
  return absl::OkStatus();
}

}  // namespace mts::store
