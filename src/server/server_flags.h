// The flags of a server process: one for each configuration key, and --config.
//
// Threading: filled by the parse of the command line; then a value.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "server/configuration.h"
#include "server/configuration_keys.h"

namespace mts::server {

class ServerFlags {
 public:
  // Adds the flags of the keys that `wanted` says yes to; the help names the defaults of `process`. The object must
  // live until the command line was parsed.
  void Define(CLI::App& app, ProcessKind process, const std::function<bool(const ConfigurationKey&)>& wanted);

  // The configuration file; empty: none.
  const std::string& config() const { return config_; }
  // The process's configuration from these flags, the environment and the file.
  absl::StatusOr<Configuration> Load(ProcessKind process) const;

 private:
  std::string config_;
  std::map<std::string, std::string> values_;  // by key name
  std::map<std::string, CLI::Option*> options_;
};

}  // namespace mts::server
