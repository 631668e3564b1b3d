// minitoolstream fetch and peek: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddFetchCommand(CLI::App& app, int& exit_code);
void AddPeekCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
