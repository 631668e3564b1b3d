// Where a bucket answers: scheme and host, and the URL of each object in path or virtual-hosted style.
//
// Threading: values. Errors: INVALID_ARGUMENT for what is no endpoint. Limits: none.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace mts::store::s3 {

struct Endpoint {
  bool https = false;
  std::string authority;  // host and port as the Host header has them: without the scheme's default port
};

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

// Of one bucket.
class BucketAddress {
 public:
  BucketAddress(const Endpoint& endpoint, std::string_view bucket, bool virtual_hosted);

  const std::string& host() const { return host_; }
  // The path of an object, encoded; of the bucket itself for an empty key.
  std::string Path(std::string_view key) const;
  std::string Url(std::string_view path, std::string_view query) const;

 private:
  std::string scheme_;
  std::string host_;
  std::string base_;  // "/" or "/bucket"
  bool virtual_hosted_;
};

}  // namespace mts::store::s3
