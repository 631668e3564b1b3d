#include "cli/commands.h"

#include "cli/bench/bench_command.h"
#include "cli/consumer_commands.h"
#include "cli/fetch_command.h"
#include "cli/get_command.h"
#include "cli/health_command.h"
#include "cli/maintenance_commands.h"
#include "cli/publish_command.h"
#include "cli/server_commands.h"
#include "cli/subscribe_command.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

// "pub" of "minitoolstream pub ...", for the error line.
std::string CommandName(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? std::string() : commands.back()->get_name();
}

}  // namespace

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
}

int RunCommandLine(CLI::App& app, int argc, char** argv, const int& exit_code) {
  try {
    app.parse(argc, argv);
    return exit_code;
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const std::string command = CommandName(app);
    if (command.empty() && argc > 1 && argv[1][0] != '-') {
      PrintError("", std::string("there is no command '") + argv[1] + "' (see: minitoolstream --help)");
      return kUsage;
    }
    PrintError(command, std::string(error.what()) + " (see: minitoolstream " + command + (command.empty() ? "" : " ") +
                            "--help)");
    return kUsage;
  }
}

}  // namespace mts::cli
