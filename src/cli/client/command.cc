#include "cli/client/command.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/client_settings.h"
#include "cli/client/contexts.h"
#include "cli/client/start_position.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/format.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/output.h"
#include "model/subject.h"

namespace mts::cli {
namespace {

// Leaves the parse with a usage error.
[[noreturn]] void RefuseValue(const std::string& option, const absl::Status& status) {
  throw CLI::ValidationError(option, std::string(status.message()));  // tidy: allow CLI11's way to refuse a value
}

std::string CheckWith(const absl::Status& status) { return std::string(status.message()); }

int RunCommand(const std::string& name, Command& command) {
  // gRPC's own lines on stderr would stand between ours.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  Interrupt::Get().Install();
  const absl::Status status = command.Run();
  const absl::Status flushed = StandardOutput().Flush();
  return Conclude(name, status.ok() ? flushed : status);
}

// The options that were made from ClientSettings, to be asked after the parse.
struct ConnectionOptions {
  std::vector<std::pair<const ClientSetting*, CLI::Option*>> settings;
  std::string context;
  CLI::Option* context_option = nullptr;
};

// What neither a flag nor a variable said is taken from the context.
absl::Status ApplyContext(const ConnectionOptions& given, ClientOptions& options) {
  MTS_ASSIGN_OR_RETURN(const ChosenContext chosen,
                       ChooseContext(given.context_option->count() > 0 ? std::optional(given.context) : std::nullopt));
  for (const auto& [setting, option] : given.settings) {
    const auto value = chosen.context.settings.find(setting->name);
    if (option->count() > 0 || value == chosen.context.settings.end()) continue;
    MTS_RETURN_IF_ERROR(WithContext(setting->set(options, value->second), Concat("context '", chosen.name, "'")));
  }
  return absl::OkStatus();
}

}  // namespace

void AddCommand(CLI::App& app, int& exit_code, const CommandText& text, std::shared_ptr<Command> command) {
  CLI::App* const added =
      app.add_subcommand(text.name, text.details.empty() ? text.description : text.description + "\n\n" + text.details);
  added->footer(text.examples.empty() ? text.notes : Concat("Examples:\n", text.examples, "\n\n", text.notes));
  command->DefineOptions(*added);
  const std::string name = app.get_parent() == nullptr ? text.name : Concat(app.get_name(), " ", text.name);
  added->callback([name, command, &exit_code] { exit_code = RunCommand(name, *command); });
}

CLI::Option* AddClientSettingOption(CLI::App& app, const ClientSetting& setting, ClientOptions& options) {
  return app
      .add_option_function<std::string>(
          "--" + setting.name,
          [&options, &setting](const std::string& value) {
            if (const absl::Status status = setting.set(options, value); !status.ok()) {
              RefuseValue("--" + setting.name, status);
            }
          },
          setting.text)
      ->option_text(setting.placeholder)
      ->group("Server");
}

void AddConnectionOptions(CLI::App& app, ClientOptions& options) {
  const auto given = std::make_shared<ConnectionOptions>();
  for (const ClientSetting& setting : ClientSettings()) {
    CLI::Option* const option = AddClientSettingOption(app, setting, options)->envname(setting.variable);
    option->description(Concat(setting.text, " (", setting.default_text, "); also ", setting.variable));
    given->settings.emplace_back(&setting, option);
  }
  given->context_option =
      app.add_option("--context", given->context,
                     "Take what no flag and no variable says from this context, '' for none (the one in use: see "
                     "'minitoolstream context'); also MINITOOLSTREAM_CONTEXT")
          ->envname("MINITOOLSTREAM_CONTEXT")
          ->option_text("CONTEXT")
          ->group("Server");
  app.parse_complete_callback([given, &options] {
    const absl::Status status = ApplyContext(*given, options);
    if (!status.ok()) throw CLI::ConfigError(std::string(status.message()));  // tidy: allow ends the parse
  });
}

void AddFormatOption(CLI::App& app, Format& format, bool with_raw) {
  std::map<std::string, Format> formats = {{"table", Format::kTable}, {"json", Format::kJson}};
  if (with_raw) formats.emplace("raw", Format::kRaw);
  app.add_option_function<std::string>(
         "-o,--format", [&format, formats](const std::string& name) { format = formats.at(name); },
         with_raw ? "table for people (default), json for machines, raw: payloads only, a line each"
                  : "table for people (default), json for machines")
      ->check(CLI::IsMember(formats))
      ->option_text(with_raw ? "table|json|raw" : "table|json");
}

CLI::Option* AddDurationOption(CLI::App& app, const std::string& name, absl::Duration& value, const std::string& text) {
  return app
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& given) {
            const auto duration = ParseDuration(given);
            if (!duration.ok()) RefuseValue(name, duration.status());
            value = *duration;
          },
          text)
      ->option_text("TIME");
}

CLI::Option* AddBytesOption(CLI::App& app, const std::string& name, uint64_t& value, const std::string& text) {
  return app
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& given) {
            const auto bytes = ParseBytes(given);
            if (!bytes.ok()) RefuseValue(name, bytes.status());
            value = *bytes;
          },
          text)
      ->option_text("BYTES");
}

CLI::Option* AddSubjectOption(CLI::App& app, std::string& subject, bool pattern_too) {
  return app
      .add_option("SUBJECT", subject,
                  pattern_too ? "A subject, or a pattern: '*' for all, 'orders.*' for orders and all below"
                              : "1 to 255 bytes without spaces, '*' and '>'")
      ->check([pattern_too](const std::string& value) {
        return CheckWith(pattern_too ? Pattern::Parse(value).status() : ValidateSubject(value));
      })
      ->option_text("SUBJECT");
}

CLI::Option* AddDurableOption(CLI::App& app, std::string& durable_name) {
  return app.add_option("--durable", durable_name, "The durable consumer's name: its position is kept by the server")
      ->check([](const std::string& value) { return CheckWith(ValidateDurableName(value)); })
      ->option_text("CONSUMER");
}

CLI::Option* AddFromOption(CLI::App& app, pb::StartPosition& start) {
  return app
      .add_option_function<std::string>(
          "--from",
          [&start](const std::string& text) {
            const auto position = ParseStartPosition(text, absl::Now());
            if (!position.ok()) RefuseValue("--from", position.status());
            start = *position;
          },
          "Where to begin without an earlier position: first (default), new, a sequence, a time, or a span back "
          "(10m)")
      ->option_text("POSITION");
}

}  // namespace mts::cli
