#include "server/serve_command.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "server/configuration_keys.h"
#include "server/configuration_sources.h"
#include "server/logging.h"
#include "server/process.h"
#include "server/server.h"
#include "server/service_notification.h"

namespace mts::server {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

struct ServeFlags {
  std::string config;
  std::map<std::string, std::string> values;  // by key name
  std::map<std::string, CLI::Option*> options;

  std::map<std::string, std::string> Given() const {
    std::map<std::string, std::string> given;
    for (const auto& [name, option] : options) {
      if (option->count() > 0) given[name] = values.at(name);
    }
    return given;
  }
};

std::string Text(const absl::Status& status) { return {status.message().data(), status.message().size()}; }

int Fail(int code, const absl::Status& status) {
  std::fprintf(stderr, "minitoolstream serve: %s\n", Text(status).c_str());
  return code;
}

void LogStart(const Configuration& configuration) {
  spdlog::info("minitoolstream {} starts: data directory {}, messages {}, payloads {}, durability {}", Version(),
               configuration.data_dir, configuration.metadata, configuration.payload, configuration.durability);
  if (configuration.metadata == "null") spdlog::warn("metadata null: nothing that is published is stored");
  if (configuration.durability == "interval") {
    spdlog::warn("durability interval: what was answered in the last {} µs can be lost with the power",
                 configuration.sync_interval_micros);
  }
  if (configuration.durability == "none") {
    spdlog::warn("durability none: what was answered is on disk only when the system writes it there");
  }
}

// A service manager that is not reached changes nothing for the server itself.
void TellServiceManager(std::string_view state) {
  if (const absl::Status status = NotifyServiceManager(state); !status.ok()) spdlog::warn("{}", Text(status));
}

int Serve(const ServeFlags& flags) {
  const absl::StatusOr<Configuration> configuration = LoadConfiguration(
      flags.config, [](const char* name) { return std::getenv(name); }, flags.Given());
  if (!configuration.ok()) return Fail(kWrongUsage, configuration.status());
  absl::Notification& shutdown = HandleShutdownSignals();
  SetUpLogging(configuration->log_level, configuration->log_format);
  LogStart(*configuration);
  spdlog::debug("up to {} files may be open", RaiseOpenFileLimit());

  const absl::Time begin = absl::Now();
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(*configuration);
  if (!server.ok()) return Fail(kFailed, server.status());
  spdlog::info("ready after {} ms: publishing on {} (port {}), reading on {} (port {})",
               absl::ToInt64Milliseconds(absl::Now() - begin), configuration->ingress_listen, (*server)->ingress_port(),
               configuration->egress_listen, (*server)->egress_port());
  if (const int port = (*server)->gate_port(); port != 0) {
    spdlog::info("gate: clients of the Tarantool protocol on {} (port {})", configuration->gate_listen, port);
  }
  TellServiceManager(kServiceReady);

  shutdown.WaitForNotification();
  TellServiceManager(kServiceStopping);
  spdlog::info("shutting down; once more ends at once");
  (*server)->Shutdown();
  server->reset();
  spdlog::info("shut down");
  return 0;
}

}  // namespace

void AddServeCommand(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand("serve", "Run the server");
  const auto flags = std::make_shared<ServeFlags>();
  command->add_option("-c,--config", flags->config, "YAML file with the keys below")
      ->envname("MINITOOLSTREAM_CONFIG")
      ->type_name("FILE");
  const Configuration defaults;
  for (const ConfigurationKey& key : ConfigurationKeys()) {
    std::string help =
        key.help + " Default " + key.get(defaults) + ". Key " + key.name + ", variable " + key.variable();
    if (!key.also.empty()) help += " or " + key.also;
    flags->options[key.name] =
        command->add_option(key.flag(), flags->values[key.name], help + ".")->type_name(key.placeholder);
  }
  command->footer("A flag counts more than a variable, a variable more than the file.");
  command->callback([flags, &exit_code] { exit_code = Serve(*flags); });
}

}  // namespace mts::server
