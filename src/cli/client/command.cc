#include "cli/client/command.h"

#include <cstdlib>
#include <utility>

#include "base/text.h"
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

void AddAddressOption(CLI::App& app, const std::string& name, const std::string& variable, std::string& address,
                      const std::string& text) {
  app.add_option(name, address, text)
      ->envname(variable)
      ->capture_default_str()
      ->check([](const std::string& value) { return CheckWith(ValidateAddress(value)); })
      ->option_text("HOST:PORT")
      ->group("Server");
}

}  // namespace

void AddCommand(CLI::App& app, int& exit_code, const CommandText& text, std::shared_ptr<Command> command) {
  CLI::App* const added = app.add_subcommand(text.name, text.description);
  added->footer("\nExamples:\n" + text.examples + "\n\n" + std::string(kExitCodesHelp));
  command->DefineOptions(*added);
  added->callback([name = text.name, command, &exit_code] { exit_code = RunCommand(name, *command); });
}

void AddConnectionOptions(CLI::App& app, ClientOptions& options) {
  AddAddressOption(app, "--ingress", "MINITOOLSTREAM_INGRESS", options.addresses.ingress,
                   "Where to publish: this, MINITOOLSTREAM_INGRESS, or localhost:50051");
  AddAddressOption(app, "--egress", "MINITOOLSTREAM_EGRESS", options.addresses.egress,
                   "Where to read: this, MINITOOLSTREAM_EGRESS, or localhost:50052");
  AddDurationOption(app, "--timeout", options.timeout, "How long one call may take (30s)")->group("Server");
  app.add_option_function<std::string>(
         "--retry-for",
         [&options](const std::string& text) {
           const auto duration = ParseDuration(text);
           if (!duration.ok()) RefuseValue("--retry-for", duration.status());
           options.retry = {*duration, /*wait_for_first=*/true};
         },
         "How long to try again while the server is away (5m once it was reached; if given, also before)")
      ->option_text("TIME")
      ->group("Server");
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
      ->option_text(" ");
}

CLI::Option* AddDurableOption(CLI::App& app, std::string& durable_name) {
  return app.add_option("--durable", durable_name, "The durable consumer's name: its position is kept by the server")
      ->check([](const std::string& value) { return CheckWith(ValidateDurableName(value)); })
      ->option_text("NAME");
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
