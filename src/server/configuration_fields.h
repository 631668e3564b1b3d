// What a configuration key's value may be: how it is read into a member of Configuration, checked, and shown.
//
// Threading: pure functions. Errors: those of the values' setters, INVALID_ARGUMENT saying what would be right.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/configuration.h"
#include "server/configuration_keys.h"

namespace mts::server {

struct Value {
  std::string placeholder;
  std::function<absl::Status(Configuration&, std::string_view)> set;
  std::function<std::string(const Configuration&)> get;
};

Value Path(std::string Configuration::*member);
// A path, or nothing.
Value OptionalPath(std::string Configuration::*member);
Value Text(std::string Configuration::*member);
Value NonEmptyText(std::string Configuration::*member);
Value Address(std::string Configuration::*member);
// An address, or nothing at all.
Value OptionalAddress(std::string Configuration::*member);
// An address, or a port alone, as the existing system has it.
Value AddressOrPort(std::string Configuration::*member);
Value Choice(std::string Configuration::*member, std::vector<std::string> choices);
Value Switch(bool Configuration::*member);
Value Bytes(uint64_t Configuration::*member, uint64_t low, uint64_t high);
Value Count(uint64_t Configuration::*member, uint64_t low, uint64_t high);
Value Duration(int64_t Configuration::*member, int64_t low, int64_t high);

// A key of `processes`; `also`: variables of the existing system.
ConfigurationKey Key(std::string name, Value value, std::string help, ProcessSet processes = kAllProcesses,
                     std::vector<ExistingVariable> also = {});

// A key whose value is never shown.
ConfigurationKey Secret(ConfigurationKey key);

inline constexpr int64_t kSecond = 1'000'000;
inline constexpr int64_t kHundredYears = int64_t{36'500} * 24 * 3600 * kSecond;
inline constexpr uint64_t kTiB = 1024 * limits::kGiB;

}  // namespace mts::server
