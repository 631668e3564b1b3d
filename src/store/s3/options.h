// How to reach the bucket and how payloads lie in it.
//
// Threading: values. Errors: Validate says what is wrong. Limits: in Validate.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/limits.h"

namespace mts::store {

struct S3Options {
  std::string endpoint = "http://127.0.0.1:9000";  // scheme, host, port; without a scheme: http
  std::string region = "us-east-1";
  std::string bucket = "minitoolstream";
  std::string access_key;
  std::string secret_key;
  std::string session_token;    // empty: none
  bool virtual_hosted = false;  // the bucket in the host's name instead of the path
  std::string ca_file;          // PEM; empty: the system's authorities
  bool create_bucket = true;    // when it is missing

  // All keys that we make begin with it, and the sweep looks nowhere else: [a-z0-9/-], ends with a slash.
  std::string prefix = "mts/";
  // Small payloads share objects (kPacked), or each payload has its own, named after its subject (kPlain).
  enum class Layout { kPacked, kPlain };
  Layout layout = Layout::kPacked;
  uint64_t pack_below = 256 * limits::kKiB;

  // Objects that clients put themselves go with the last message that names them; else nobody removes them.
  bool remove_named = true;

  uint64_t part_bytes = 8 * limits::kMiB;      // of multipart uploads; grows with the announced size up to 64 MiB
  uint32_t upload_parallelism = 4;             // parts of one upload under way
  uint64_t upload_bytes = 256 * limits::kMiB;  // memory of all uploads together
  uint64_t cache_bytes = 64 * limits::kMiB;    // memory of ranges read
  uint32_t max_connections = 24;
  int64_t request_timeout_micros = 15'000'000;  // of one call with its retries; large bodies get more
  int64_t stall_timeout_micros = 10'000'000;    // a connection on which nothing moves is given up
  const Clock* clock = &SystemClock();          // for signatures and keys
};

absl::Status Validate(const S3Options& options);

}  // namespace mts::store
