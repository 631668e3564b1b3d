// minitoolstream get: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddGetCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
