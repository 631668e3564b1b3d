// minitoolstream sub: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddSubscribeCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
