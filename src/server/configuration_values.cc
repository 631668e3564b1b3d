#include "server/configuration_values.h"

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/text.h"

namespace mts::server {
namespace {

struct ByteUnit {
  std::string_view name;
  int shift;
};
// The first one of a size is what FormatBytes writes.
constexpr std::array<ByteUnit, 10> kByteUnits = {{{"TiB", 40},
                                                  {"GiB", 30},
                                                  {"MiB", 20},
                                                  {"KiB", 10},
                                                  {"T", 40},
                                                  {"G", 30},
                                                  {"M", 20},
                                                  {"K", 10},
                                                  {"B", 0},
                                                  {"", 0}}};

struct TimeUnit {
  std::string_view name;
  int64_t micros;
};
constexpr std::array<TimeUnit, 6> kTimeUnits = {{{"d", int64_t{24} * 3600 * 1'000'000},
                                                 {"h", int64_t{3600} * 1'000'000},
                                                 {"m", 60'000'000},
                                                 {"s", 1'000'000},
                                                 {"ms", 1000},
                                                 {"us", 1}}};

// Takes the digits from the front; false if there are none or too many.
bool TakeNumber(std::string_view& text, uint64_t& number) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr == text.data()) return false;
  text.remove_prefix(static_cast<size_t>(result.ptr - text.data()));
  return true;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (absl::ascii_tolower(static_cast<unsigned char>(a[i])) !=
        absl::ascii_tolower(static_cast<unsigned char>(b[i]))) {
      return false;
    }
  }
  return true;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

absl::Status Wrong(std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(Concat("'", text, "' is not ", what));
}

}  // namespace

absl::StatusOr<uint64_t> ParseBytes(std::string_view text) {
  std::string_view rest = Trim(text);
  uint64_t number = 0;
  if (!TakeNumber(rest, number)) return Wrong(text, "a size such as 64MiB");
  rest = Trim(rest);
  for (const ByteUnit& unit : kByteUnits) {
    if (!EqualsIgnoringCase(rest, unit.name)) continue;
    if (number > (UINT64_MAX >> unit.shift)) break;
    return number << unit.shift;
  }
  return Wrong(text, "a size such as 64MiB");
}

absl::StatusOr<uint64_t> ParseCount(std::string_view text) {
  std::string_view rest = Trim(text);
  uint64_t number = 0;
  if (!TakeNumber(rest, number) || !rest.empty()) return Wrong(text, "a whole number");
  return number;
}

absl::StatusOr<int64_t> ParseDuration(std::string_view text) {
  std::string_view rest = Trim(text);
  if (rest == "0") return 0;
  if (rest.empty()) return Wrong(text, "a duration such as 90s, 1h30m or 7d");
  int64_t micros = 0;
  while (!rest.empty()) {
    uint64_t number = 0;
    if (!TakeNumber(rest, number)) return Wrong(text, "a duration such as 90s, 1h30m or 7d");
    const size_t unit_size = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::string_view name = rest.substr(0, unit_size);
    rest.remove_prefix(unit_size);
    const TimeUnit* found = nullptr;
    for (const TimeUnit& unit : kTimeUnits) {
      if (unit.name == name) found = &unit;
    }
    if (found == nullptr || number > static_cast<uint64_t>((INT64_MAX - micros) / found->micros)) {
      return Wrong(text, "a duration such as 90s, 1h30m or 7d");
    }
    micros += static_cast<int64_t>(number) * found->micros;
  }
  return micros;
}

absl::StatusOr<std::string> ParseAddress(std::string_view text) {
  const std::string_view address = Trim(text);
  if (address.starts_with("unix:") && address.size() > 5) return std::string(address);
  const size_t colon = address.rfind(':');
  std::string_view port = colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1);
  uint64_t number = 0;
  const bool ok =
      colon != std::string_view::npos && colon > 0 && TakeNumber(port, number) && port.empty() && number <= 65535;
  if (!ok) return Wrong(text, "an address such as 0.0.0.0:50051");
  return std::string(address);
}

std::string FormatBytes(uint64_t bytes) {
  for (const ByteUnit& unit : kByteUnits) {
    if (unit.shift > 0 && bytes != 0 && bytes % (uint64_t{1} << unit.shift) == 0) {
      return Concat(bytes >> unit.shift, unit.name);
    }
  }
  return Concat(bytes);
}

std::string FormatDuration(int64_t micros) {
  if (micros == 0) return "0";
  std::string text;
  for (const TimeUnit& unit : kTimeUnits) {
    const int64_t count = micros / unit.micros;
    if (count > 0) text += Concat(count, unit.name);
    micros %= unit.micros;
  }
  return text;
}

}  // namespace mts::server
