// minitoolstream pub: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddPublishCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
