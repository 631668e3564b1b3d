// Numbers, sizes and times as people write and read them.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT naming the text and what is accepted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace mts::cli {

// "512 B", "1.5 KiB", "2.00 GiB".
std::string FormatBytes(uint64_t bytes);
// "1,234,567".
std::string FormatCount(uint64_t count);
// "00:07", "1:02:03"; "--:--" for what is not known.
std::string FormatClock(absl::Duration duration);
// "2026-11-23T10:00:00.000Z".
std::string FormatTimestamp(absl::Time time);
// As much of `text` as fits `columns` columns, control characters and bytes that are not UTF-8 shown as escapes.
std::string PrintableText(std::string_view text, size_t columns);

// Characters, not bytes: what is wider or narrower than one column is not known here.
size_t ColumnsOf(std::string_view text);

// "1500", "10k", "10KiB", "1.5GiB", "2MB": k, m, g, t with or without i are powers of 1024.
absl::StatusOr<uint64_t> ParseBytes(std::string_view text);
// "10" (seconds), "0.5s", "5m", "1h30m".
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);
// RFC 3339, "2026-11-23" or "2026-11-23T10:00:00" (UTC).
absl::StatusOr<absl::Time> ParseTime(std::string_view text);

}  // namespace mts::cli
