#include "cli/commands.h"

#include <string>
#include <string_view>
#include <vector>

#include "cli/bench/bench_command.h"
#include "cli/completion_command.h"
#include "cli/config_commands.h"
#include "cli/consumer_commands.h"
#include "cli/context_commands.h"
#include "cli/fetch_command.h"
#include "cli/get_command.h"
#include "cli/health_command.h"
#include "cli/maintenance_commands.h"
#include "cli/manual/help_text.h"
#include "cli/manual_command.h"
#include "cli/publish_command.h"
#include "cli/server_commands.h"
#include "cli/subscribe_command.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"

namespace mts::cli {
namespace {

// "context add" of "minitoolstream context add ...", for the error line.
std::string CommandName(const CLI::App& app) {
  std::string name;
  for (auto commands = app.get_subcommands(); !commands.empty(); commands = commands.back()->get_subcommands()) {
    name += (name.empty() ? "" : " ") + commands.back()->get_name();
  }
  return name;
}

// The word that stands where a command belongs and is none; empty: there is no such word.
std::string UnknownCommand(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = &app;
  for (int i = 1; i < argc && command->get_require_subcommand_min() > 0; ++i) {
    const std::string word = argv[i];
    const auto named = command->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == word; });
    if (named.empty()) return word.starts_with('-') ? std::string() : word;
    command = named.front();
  }
  return "";
}

int PrintAndConclude(std::string_view text) {
  absl::Status status = StandardOutput().Write(text);
  status.Update(StandardOutput().Flush());
  return Conclude("", status);
}

constexpr char kDescription[] =
    "A persistent message stream for messages of any size\n\n"
    "One program is the server ('minitoolstream serve') and its client. A producer publishes messages to a subject, "
    "each answered once it is on disk; consumers with durable names read them, are told of new ones at once, and "
    "acknowledge what they have done.\n\n"
    "A subject is 1 to 255 bytes without spaces, '*' and '>'. Where a pattern is taken, '*' stands for all subjects, "
    "'orders.*' for orders and everything below it. Every message has a number, its sequence, from one counter over "
    "all subjects.";

constexpr char kNotes[] =
    "Examples:\n"
    "  minitoolstream serve --data-dir ./data\n"
    "  minitoolstream pub greetings hello\n"
    "  minitoolstream sub greetings --count 1\n"
    "  minitoolstream info -o json";

}  // namespace

void DescribeProgram(CLI::App& app) {
  app.formatter(HelpFormatter());
  app.description(kDescription);
  app.footer(kNotes);
}

void AddClientCommands(CLI::App& app, int& exit_code) {
  AddPublishCommand(app, exit_code);
  AddSubscribeCommand(app, exit_code);
  AddFetchCommand(app, exit_code);
  AddPeekCommand(app, exit_code);
  AddGetCommand(app, exit_code);
  AddAcknowledgeCommand(app, exit_code);
  AddLastCommand(app, exit_code);
  AddSubjectsCommand(app, exit_code);
  AddConsumersCommand(app, exit_code);
  AddInfoCommand(app, exit_code);
  AddHealthCommand(app, exit_code);
  AddDoctorCommand(app, exit_code);
  AddBackupCommand(app, exit_code);
  AddRestoreCommand(app, exit_code);
  AddBenchCommand(app, exit_code);
  AddConfigCommands(app, exit_code);
  AddContextCommands(app, exit_code);
  AddManualCommand(app, exit_code);
  AddCompletionCommand(app, exit_code);
}

int RunCommandLine(CLI::App& app, int argc, char** argv, const int& exit_code) {
  // Not a command: what follows is an unfinished command line, which the parser would refuse.
  if (argc > 1 && std::string_view(argv[1]) == kCompleteRequest) {
    return AnswerCompletion(app, std::vector<std::string>(argv + 2, argv + argc));
  }
  try {
    app.parse(argc, argv);
    return exit_code;
  } catch (const CLI::CallForHelp&) {
    return PrintAndConclude(app.help());
  } catch (const CLI::Success& version) {
    return PrintAndConclude(std::string(version.what()) + "\n");
  } catch (const CLI::ConfigError& error) {
    PrintError(CommandName(app), error.what());
    return kUsage;
  } catch (const CLI::ParseError& error) {
    const std::string command = CommandName(app);
    if (const std::string unknown = UnknownCommand(app, argc, argv); !unknown.empty()) {
      PrintError(command, "there is no command '" + unknown + "' (see: minitoolstream " + command +
                              (command.empty() ? "" : " ") + "--help)");
      return kUsage;
    }
    PrintError(command, std::string(error.what()) + " (see: minitoolstream " + command + (command.empty() ? "" : " ") +
                            "--help)");
    return kUsage;
  }
}

}  // namespace mts::cli
