// minitoolstream health: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddHealthCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
