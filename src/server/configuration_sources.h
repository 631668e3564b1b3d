// Where configuration comes from: flag over environment over file over default.
//
// Threading: pure functions but for the environment. Errors: INVALID_ARGUMENT with the place ("file:line", the
// variable, the flag) and what would be right; NOT_FOUND for a file that cannot be read.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "server/configuration.h"

namespace mts::server {

// One YAML map, nested or with dotted keys; a key that is not known is refused with its line.
absl::Status ApplyYaml(const std::string& text, const std::string& name, Configuration& to);

// A variable's value, or null.
using Environment = std::function<const char*(const char*)>;
absl::Status ApplyEnvironment(const Environment& environment, Configuration& to);

// Values by key name.
absl::Status ApplyFlags(const std::map<std::string, std::string>& flags, Configuration& to);

// All of them; `file` empty: none.
absl::StatusOr<Configuration> LoadConfiguration(ProcessKind process, const std::string& file,
                                                const Environment& environment,
                                                const std::map<std::string, std::string>& flags);

}  // namespace mts::server
