#include "server/server_flags.h"

#include <cstdlib>

#include "server/configuration_sources.h"

namespace mts::server {

void ServerFlags::Define(CLI::App& app, ProcessKind process,
                         const std::function<bool(const ConfigurationKey&)>& wanted) {
  app.add_option("-c,--config", config_, "YAML file with the keys below; all processes may share one")
      ->envname("MINITOOLSTREAM_CONFIG")
      ->type_name("FILE");
  const Configuration defaults = DefaultsOf(process);
  for (const ConfigurationKey& key : ConfigurationKeys()) {
    if (!wanted(key)) continue;
    std::string help =
        key.help + " Default " + key.get(defaults) + ". Key " + key.name + ", variable " + key.variable();
    for (const std::string& variable : key.also_for(process)) help += " or " + variable;
    options_[key.name] = app.add_option(key.flag(), values_[key.name], help + ".")->type_name(key.placeholder);
  }
}

absl::StatusOr<Configuration> ServerFlags::Load(ProcessKind process) const {
  std::map<std::string, std::string> given;
  for (const auto& [name, option] : options_) {
    if (option->count() > 0) given[name] = values_.at(name);
  }
  return LoadConfiguration(
      process, config_, [](const char* name) { return std::getenv(name); }, given);
}

}  // namespace mts::server
