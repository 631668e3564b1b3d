// The commands that work on a data directory on this machine: doctor, backup, restore.
//
// Threading: one thread. Errors and exit codes: as each command's --help says.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddDoctorCommand(CLI::App& app, int& exit_code);
void AddBackupCommand(CLI::App& app, int& exit_code);
void AddRestoreCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
