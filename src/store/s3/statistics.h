// What was asked of S3, for metrics and tests.
//
// Threading: any thread. Errors: none. Limits: none.
#pragma once

#include <atomic>
#include <cstdint>

namespace mts::store::s3 {

struct Statistics {
  std::atomic<uint64_t> requests{0};  // tries count each
  std::atomic<uint64_t> retries{0};
  std::atomic<uint64_t> failures{0};  // requests that ended with an error, but for what was not there
  std::atomic<uint64_t> puts{0};
  std::atomic<uint64_t> gets{0};
  std::atomic<uint64_t> bytes_sent{0};      // bodies
  std::atomic<uint64_t> bytes_received{0};  // bodies
  std::atomic<uint64_t> packs{0};
  std::atomic<uint64_t> packed_payloads{0};
  std::atomic<uint64_t> cache_hits{0};
  std::atomic<uint64_t> cache_misses{0};
  std::atomic<uint64_t> checksum_errors{0};
};

}  // namespace mts::store::s3
