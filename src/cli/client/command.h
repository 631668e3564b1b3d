// What every client command is: options filled by CLI11, then Run().
//
// Threading: one thread. Errors: Run() gives a status, which becomes one line and the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/client/client_settings.h"
#include "cli/client/connection.h"

namespace mts::cli {

enum class Format { kTable, kJson, kRaw };

class Command {
 public:
  virtual ~Command() = default;
  virtual void DefineOptions(CLI::App& app) = 0;
  virtual absl::Status Run() = 0;
};

struct CommandText {
  std::string name;
  std::string description;   // one line
  std::string examples;      // one a line, after two spaces each
  std::string details = {};  // paragraphs for --help and the manual page, as in manual/command_tree.h
  std::string notes = {};    // after the examples
};

// Adds `command` as a subcommand of `app`, which may be a subcommand itself.
void AddCommand(CLI::App& app, int& exit_code, const CommandText& text, std::shared_ptr<Command> command);

// --ingress, --egress, --timeout, --retry-for, each also as a variable, and --context for what neither says. `options`
// is complete when the command runs.
void AddConnectionOptions(CLI::App& app, ClientOptions& options);
// One of them, its value checked.
CLI::Option* AddClientSettingOption(CLI::App& app, const ClientSetting& setting, ClientOptions& options);
// -o json|table, and raw if `with_raw`.
void AddFormatOption(CLI::App& app, Format& format, bool with_raw = false);
// Options with a unit; a wrong value ends the parse with a usage error.
CLI::Option* AddDurationOption(CLI::App& app, const std::string& name, absl::Duration& value, const std::string& text);
CLI::Option* AddBytesOption(CLI::App& app, const std::string& name, uint64_t& value, const std::string& text);
// The positional SUBJECT: checked as a subject, or also as a pattern if `pattern_too`.
CLI::Option* AddSubjectOption(CLI::App& app, std::string& subject, bool pattern_too);
CLI::Option* AddDurableOption(CLI::App& app, std::string& durable_name);
// --from first|new|SEQUENCE|TIME|SPAN (ago).
CLI::Option* AddFromOption(CLI::App& app, pb::StartPosition& start);

}  // namespace mts::cli
