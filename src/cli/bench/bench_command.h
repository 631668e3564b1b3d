// minitoolstream bench: the load generator; see cli/commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddBenchCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
