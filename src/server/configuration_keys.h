// The one table of configuration keys: it drives the YAML file, the environment, the flags, --help and the checks. A
// new key is one line here and one member in configuration.h.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT saying what would be right.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/configuration.h"

namespace mts::server {

// Which of our processes a key or a variable is for.
using ProcessSet = uint8_t;
constexpr ProcessSet SetOf(ProcessKind process) {
  return static_cast<ProcessSet>(1u << static_cast<unsigned>(process));
}
inline constexpr ProcessSet kServe = SetOf(ProcessKind::kServe);
inline constexpr ProcessSet kIngress = SetOf(ProcessKind::kIngress);
inline constexpr ProcessSet kEgress = SetOf(ProcessKind::kEgress);
inline constexpr ProcessSet kCleaner = SetOf(ProcessKind::kCleaner);
inline constexpr ProcessSet kAllProcesses = kServe | kIngress | kEgress | kCleaner;

// A variable of the existing system that sets a key too.
struct ExistingVariable {
  std::string name;
  ProcessSet processes = kAllProcesses;
};

struct ConfigurationKey {
  std::string name;         // as in the file: "ingress.listen"
  std::string placeholder;  // of the value, for --help
  std::string help;
  ProcessSet processes = kAllProcesses;  // that have the flag; files and variables may be shared by all
  std::vector<ExistingVariable> also;
  std::function<absl::Status(Configuration&, std::string_view)> set;
  std::function<std::string(const Configuration&)> get;
  bool secret = false;  // its value is never shown

  bool IsFor(ProcessKind process) const { return (processes & SetOf(process)) != 0; }
  std::vector<std::string> also_for(ProcessKind process) const;  // names of variables
  std::string flag() const;                                      // --ingress-listen
  std::string variable() const;                                  // MINITOOLSTREAM_INGRESS_LISTEN
};

const std::vector<ConfigurationKey>& ConfigurationKeys();
// Null for an unknown one.
const ConfigurationKey* FindConfigurationKey(std::string_view name);

// What a process is configured with before anything is read.
Configuration DefaultsOf(ProcessKind process);

// Checks that go over several keys.
absl::Status ValidateConfiguration(const Configuration& configuration);

}  // namespace mts::server
