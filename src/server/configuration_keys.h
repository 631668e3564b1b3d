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

struct ConfigurationKey {
  std::string name;         // as in the file: "ingress.listen"
  std::string placeholder;  // of the value, for --help
  std::string help;
  std::string also;  // a variable of the existing system that sets it too; empty: none
  std::function<absl::Status(Configuration&, std::string_view)> set;
  std::function<std::string(const Configuration&)> get;

  std::string flag() const;      // --ingress-listen
  std::string variable() const;  // MINITOOLSTREAM_INGRESS_LISTEN
};

const std::vector<ConfigurationKey>& ConfigurationKeys();
// Null for an unknown one.
const ConfigurationKey* FindConfigurationKey(std::string_view name);

// Checks that go over several keys.
absl::Status ValidateConfiguration(const Configuration& configuration);

}  // namespace mts::server
