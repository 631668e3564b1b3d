// The client commands of the one binary: pub, sub, fetch, peek, get, ack, last, info, health, subjects, consumers,
// bench, and those about the command line itself (man, completion, context, config).
//
// Threading: called once by main before the command line is parsed; a command runs inside the parse and leaves its exit
// code (terminal/exit_code.h).
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

// The program's own texts, and how --help of all commands looks: before any command is added, the server's too.
void DescribeProgram(CLI::App& app);

// Adds the commands to `app`; `exit_code` must live until the command line was parsed.
void AddClientCommands(CLI::App& app, int& exit_code);

// Parses the command line of `app` and runs its command. Gives the process's exit code: `exit_code` as the command left
// it, 0 for --help and --version, 2 with one line on stderr for a wrong command line.
int RunCommandLine(CLI::App& app, int argc, char** argv, const int& exit_code);

}  // namespace mts::cli
