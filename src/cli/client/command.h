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
  std::string description;
  std::string examples;  // one a line
};

// Adds `command` as a subcommand of `app`.
void AddCommand(CLI::App& app, int& exit_code, const CommandText& text, std::shared_ptr<Command> command);

// --ingress, --egress, --timeout, --retry-for.
void AddConnectionOptions(CLI::App& app, ClientOptions& options);
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
