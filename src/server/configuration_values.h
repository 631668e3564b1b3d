// Values of configuration keys as people write them: sizes (64MiB), durations (1h30m, 7d), counts, addresses.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT saying what would be right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace mts::server {

// A whole number with an optional unit: B, KiB, MiB, GiB, TiB, or K, M, G, T for the same.
absl::StatusOr<uint64_t> ParseBytes(std::string_view text);
absl::StatusOr<uint64_t> ParseCount(std::string_view text);
// Microseconds of one or more numbers with units us, ms, s, m, h, d; "0" too.
absl::StatusOr<int64_t> ParseDuration(std::string_view text);
// host:port, [v6]:port, or unix:path.
absl::StatusOr<std::string> ParseAddress(std::string_view text);

// Shortest forms that the functions above read.
std::string FormatBytes(uint64_t bytes);
std::string FormatDuration(int64_t micros);

}  // namespace mts::server
