#include "cli/config_commands.h"

#include <map>
#include <string>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/json.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"
#include "cli/terminal/table.h"
#include "server/configuration_keys.h"
#include "server/server_flags.h"

namespace mts::cli {
namespace {

constexpr char kHidden[] = "(hidden)";

const std::map<std::string, server::ProcessKind>& Processes() {
  static const auto* const processes =
      new std::map<std::string, server::ProcessKind>{{"serve", server::ProcessKind::kServe},
                                                     {"ingress", server::ProcessKind::kIngress},
                                                     {"egress", server::ProcessKind::kEgress},
                                                     {"cleaner", server::ProcessKind::kCleaner}};
  return *processes;
}

// What check and show have in common: they read what the process would read.
class ConfigCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    flags_.Define(app, process_, [](const server::ConfigurationKey&) { return true; });
    app.add_option_function<std::string>(
           "--process", [this](const std::string& name) { process_ = Processes().at(name); },
           "Which process is to be configured (serve)")
        ->check(CLI::IsMember(Processes()))
        ->option_text("serve|ingress|egress|cleaner");
    AddFormatOption(app, format_);
  }

 protected:
  absl::StatusOr<server::Configuration> Load() const { return flags_.Load(process_); }
  static std::string OriginOf(const server::Configuration& configuration, const server::ConfigurationKey& key) {
    const auto found = configuration.origins.find(key.name);
    return found == configuration.origins.end() ? "default" : found->second;
  }

  server::ServerFlags flags_;
  server::ProcessKind process_ = server::ProcessKind::kServe;
  Format format_ = Format::kTable;
};

class CheckConfigCommand : public ConfigCommand {
 public:
  absl::Status Run() override {
    const auto configuration = Load();
    // As the server itself would end.
    if (!configuration.ok()) return WithExitCode(configuration.status(), kUsage);
    const std::string file = flags_.config().empty() ? "no file" : flags_.config();
    if (format_ == Format::kJson) {
      JsonObject object;
      object.Add("valid", true).Add("file", flags_.config()).Add("set", configuration->origins.size());
      return StandardOutput().Write(object.ToString() + "\n");
    }
    return StandardOutput().Write(
        Concat("the configuration is valid: ", file, ", ", configuration->origins.size(), " keys are set\n"));
  }
};

class ShowConfigCommand : public ConfigCommand {
 public:
  void DefineOptions(CLI::App& app) override {
    ConfigCommand::DefineOptions(app);
    app.add_flag("--changed", changed_, "Only what does not have its default");
  }

  absl::Status Run() override {
    const auto configuration = Load();
    if (!configuration.ok()) return WithExitCode(configuration.status(), kUsage);
    Table table({{"KEY"}, {"VALUE"}, {"FROM"}});
    for (const server::ConfigurationKey& key : server::ConfigurationKeys()) {
      if (!key.IsFor(process_)) continue;
      const std::string origin = OriginOf(*configuration, key);
      if (changed_ && origin == "default") continue;
      std::string value = key.get(*configuration);
      if (key.secret && !value.empty()) value = kHidden;
      if (format_ == Format::kJson) {
        JsonObject object;
        object.Add("key", key.name).Add("value", value).Add("from", origin);
        MTS_RETURN_IF_ERROR(StandardOutput().Write(object.ToString() + "\n"));
      } else {
        table.AddRow({key.name, value, origin});
      }
    }
    if (!table.empty()) return StandardOutput().Write(table.ToString(ColourOnStdout()));
    if (format_ == Format::kTable && StderrIsTerminal()) PrintNote("everything has its default");
    return absl::OkStatus();
  }

 private:
  bool changed_ = false;
};

}  // namespace

void AddConfigCommands(CLI::App& app, int& exit_code) {
  CLI::App* const group = app.add_subcommand(
      "config",
      "Check and show the configuration of a server\n\n"
      "A flag counts more than a variable, a variable more than the file, the file more than the default. What is said "
      "here is what 'minitoolstream serve' with the same flags, variables and file would take.");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n"
      "  minitoolstream config check -c /etc/minitoolstream/minitoolstream.yaml\n"
      "  minitoolstream config show -c /etc/minitoolstream/minitoolstream.yaml --changed");
  AddCommand(*group, exit_code,
             {"check", "Say whether a configuration is right; names the first mistake with its place",
              "  minitoolstream config check -c /etc/minitoolstream/minitoolstream.yaml\n"
              "  minitoolstream config check -c cluster.yaml --process ingress"},
             std::make_shared<CheckConfigCommand>());
  AddCommand(*group, exit_code,
             {"show", "Print all values, and where each comes from: flag, environment, file and line, or default",
              "  minitoolstream config show\n"
              "  minitoolstream config show -c server.yaml --log-level debug --changed -o json",
              "Secrets are not shown."},
             std::make_shared<ShowConfigCommand>());
}

}  // namespace mts::cli
