#include "cli/terminal/format.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/text.h"
#include "model/subject.h"

namespace mts::cli {
namespace {

// How many bytes the UTF-8 character at the start of `text` has; 0 if it is none or not to be shown.
size_t PrintableCharacter(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20 || first == 0x7f) return 0;
  const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length > text.size() || !IsValidUtf8(text.substr(0, length))) return 0;
  // C1 control characters: U+0080 to U+009F.
  if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) return 0;
  return length;
}

std::string Escape(unsigned char byte) {
  switch (byte) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return absl::StrFormat("\\x%02x", byte);
  }
}

}  // namespace

std::string FormatBytes(uint64_t bytes) {
  static constexpr std::array<std::string_view, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return Concat(bytes, " B");
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, kUnits[unit]);
}

std::string FormatCount(uint64_t count) {
  const std::string digits = Concat(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string FormatClock(absl::Duration duration) {
  if (duration < absl::ZeroDuration() || duration > absl::Hours(24 * 99)) return "--:--";
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 3600) return absl::StrFormat("%02d:%02d", seconds / 60, seconds % 60);
  return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::string PrintableText(std::string_view text, size_t columns) {
  std::string shown;
  size_t used = 0;
  while (!text.empty()) {
    const size_t length = PrintableCharacter(text);
    const std::string piece =
        length > 0 ? std::string(text.substr(0, length)) : Escape(static_cast<unsigned char>(text[0]));
    const size_t width = length > 0 ? 1 : piece.size();
    const bool last = std::max<size_t>(length, 1) == text.size();
    if (used + width + (last ? 0 : 1) > columns) return shown.append("…");
    shown.append(piece);
    used += width;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return shown;
}

size_t ColumnsOf(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

absl::StatusOr<uint64_t> ParseBytes(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string unit = absl::AsciiStrToLower(absl::StripAsciiWhitespace(ToAbsl(text.substr(digits))));
  double value = 0;
  const bool number = absl::SimpleAtod(ToAbsl(text.substr(0, digits)), &value);
  static constexpr std::string_view kLetters = "kmgtp";
  double factor = 1;
  if (!unit.empty() && kLetters.find(unit[0]) != std::string_view::npos) {
    factor = std::pow(1024.0, static_cast<double>(kLetters.find(unit[0]) + 1));
    unit.erase(0, 1);
    if (unit == "ib") unit = "b";
  }
  if (!number || !(unit.empty() || unit == "b") || value * factor >= 9e18) {
    return absl::InvalidArgumentError(
        Concat("'", text, "' is not a size; write for instance 256, 10KiB, 1.5MiB or 2GiB"));
  }
  return static_cast<uint64_t>(value * factor);
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(ToAbsl(text), &seconds) && seconds >= 0 && seconds < 1e12) return absl::Seconds(seconds);
  if (absl::ParseDuration(ToAbsl(text), &duration) && duration >= absl::ZeroDuration() &&
      duration != absl::InfiniteDuration()) {
    return duration;
  }
  return absl::InvalidArgumentError(
      Concat("'", text, "' is not a time span; write for instance 10 (seconds), 500ms, 5m or 1h30m"));
}

absl::StatusOr<absl::Time> ParseTime(std::string_view text) {
  absl::Time time;
  std::string ignored;
  for (const char* format : {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d%ET%H:%M:%E*S", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, ToAbsl(text), &time, &ignored)) return time;
  }
  return absl::InvalidArgumentError(Concat("'", text, "' is not a time; write for instance 2026-11-23T10:00:00Z"));
}

}  // namespace mts::cli
