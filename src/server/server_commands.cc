#include "server/server_commands.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "server/configuration_keys.h"
#include "server/logging.h"
#include "server/process.h"
#include "server/server.h"
#include "server/server_flags.h"
#include "server/service_notification.h"

namespace mts::server {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

struct ServerCommand {
  ProcessKind process;
  const char* name;
  const char* help;
  const char* footer;
};

constexpr ServerCommand kCommands[] = {
    {ProcessKind::kServe, "serve", "Run the server: everything in one process",
     "Examples:\n"
     "  minitoolstream serve --data-dir /srv/minitoolstream\n"
     "  minitoolstream serve --payload s3 --s3-endpoint minio:9000 --s3-secret-key-file /run/secrets/s3\n"
     "  minitoolstream serve --metadata tarantool --payload s3 --tarantool-addresses tarantool:3301"},
    {ProcessKind::kIngress, "ingress", "Run the part of a cluster that takes messages; any number of them",
     "Messages go to Tarantool, payloads to S3. Example:\n"
     "  minitoolstream ingress --tarantool-addresses tarantool:3301 --s3-endpoint minio:9000"},
    {ProcessKind::kEgress, "egress", "Run the part of a cluster that gives messages out; any number of them",
     "Messages come from Tarantool, payloads from S3. Example:\n"
     "  minitoolstream egress --tarantool-addresses tarantool:3301 --s3-endpoint minio:9000"},
    {ProcessKind::kCleaner, "cleaner", "Run the part of a cluster that removes what is old; one is enough",
     "Messages that are past retention go first, then their objects; objects without a message go after sweep.grace. "
     "Example:\n"
     "  minitoolstream cleaner --tarantool-addresses tarantool:3301 --s3-endpoint minio:9000 --retention-max-age 7d"},
};

std::string Text(const absl::Status& status) { return {status.message().data(), status.message().size()}; }

int Fail(const ServerCommand& command, int code, const absl::Status& status) {
  std::fprintf(stderr, "minitoolstream %s: %s\n", command.name, Text(status).c_str());
  return code;
}

void LogStart(const ServerCommand& command, const Configuration& configuration) {
  const bool embedded = configuration.metadata == "embedded";
  spdlog::info("minitoolstream {} {} starts: messages {}, payloads {}{}", command.name, Version(),
               configuration.metadata, configuration.payload,
               embedded ? ", data directory " + configuration.data_dir + ", durability " + configuration.durability
                        : std::string());
  if (configuration.metadata == "null") spdlog::warn("metadata null: nothing that is published is stored");
  if (!embedded) return;
  if (configuration.durability == "interval") {
    spdlog::warn("durability interval: what was answered in the last {} µs can be lost with the power",
                 configuration.sync_interval_micros);
  }
  if (configuration.durability == "none") {
    spdlog::warn("durability none: what was answered is on disk only when the system writes it there");
  }
}

void LogDoors(const Configuration& configuration, const Server& server, absl::Duration took) {
  const int64_t millis = absl::ToInt64Milliseconds(took);
  switch (configuration.process) {
    case ProcessKind::kServe:
      spdlog::info("serving after {} ms: publishing on {} (port {}), reading on {} (port {})", millis,
                   configuration.ingress_listen, server.ingress_port(), configuration.egress_listen,
                   server.egress_port());
      break;
    case ProcessKind::kIngress:
      spdlog::info("serving after {} ms: publishing on {} (port {})", millis, configuration.ingress_listen,
                   server.ingress_port());
      break;
    case ProcessKind::kEgress:
      spdlog::info("serving after {} ms: reading on {} (port {})", millis, configuration.egress_listen,
                   server.egress_port());
      break;
    case ProcessKind::kCleaner:
      spdlog::info("serving after {} ms: health on {} (port {})", millis, configuration.cleaner_listen,
                   server.ingress_port());
      break;
  }
  if (const int port = server.gate_port(); port != 0) {
    spdlog::info("gate: clients of the Tarantool protocol on {} (port {})", configuration.gate_listen, port);
  }
}

// A service manager that is not reached changes nothing for the server itself.
void TellServiceManager(std::string_view state) {
  if (const absl::Status status = NotifyServiceManager(state); !status.ok()) spdlog::warn("{}", Text(status));
}

int Serve(const ServerCommand& command, const ServerFlags& flags) {
  const absl::StatusOr<Configuration> configuration = flags.Load(command.process);
  if (!configuration.ok()) return Fail(command, kWrongUsage, configuration.status());
  absl::Notification& shutdown = HandleShutdownSignals();
  SetUpLogging(configuration->log_level, configuration->log_format);
  LogStart(command, *configuration);
  spdlog::debug("up to {} files may be open", RaiseOpenFileLimit());

  const absl::Time begin = absl::Now();
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(*configuration);
  if (!server.ok()) return Fail(command, kFailed, server.status());
  LogDoors(*configuration, **server, absl::Now() - begin);
  TellServiceManager(kServiceReady);

  shutdown.WaitForNotification();
  TellServiceManager(kServiceStopping);
  spdlog::info("shutting down; once more ends at once");
  (*server)->Shutdown();
  server->reset();
  spdlog::info("shut down");
  return 0;
}

void AddCommand(CLI::App& app, const ServerCommand& command, int& exit_code) {
  CLI::App* const added = app.add_subcommand(command.name, command.help);
  const auto flags = std::make_shared<ServerFlags>();
  flags->Define(*added, command.process, [&](const ConfigurationKey& key) { return key.IsFor(command.process); });
  added->footer(std::string("A flag counts more than a variable, a variable more than the file. ") + command.footer);
  added->callback([&command, flags, &exit_code] { exit_code = Serve(command, *flags); });
}

}  // namespace

void AddServerCommands(CLI::App& app, int& exit_code) {
  for (const ServerCommand& command : kCommands) AddCommand(app, command, exit_code);
}

}  // namespace mts::server
