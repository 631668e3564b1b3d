// `config check` and `config show`: what a server would be configured with, and where each value comes from.
//
// Threading: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddConfigCommands(CLI::App& app, int& exit_code);

}  // namespace mts::cli
