#include <CLI/CLI.hpp>

#include "absl/synchronization/mutex.h"
#include "cli/commands.h"  // tidy: allow one binary is server and client
#include "server/server.h"
#include "server/server_commands.h"

int main(int argc, char** argv) {
#ifdef NDEBUG
  // Debian's Abseil looks for lock cycles in every build, under one lock of the process: 200 ns for each of ours.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  int exit_code = 0;
  CLI::App app("", "minitoolstream");
  mts::cli::DescribeProgram(app);
  app.set_version_flag("--version", mts::server::Version());
  app.require_subcommand(1);
  mts::server::AddServerCommands(app, exit_code);
  mts::cli::AddClientCommands(app, exit_code);
  return mts::cli::RunCommandLine(app, argc, argv, exit_code);
}
