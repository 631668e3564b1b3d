// minitoolstream info, subjects and last: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddInfoCommand(CLI::App& app, int& exit_code);
void AddSubjectsCommand(CLI::App& app, int& exit_code);
void AddLastCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
