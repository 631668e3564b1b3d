// `man`: the manual page.
//
// Threading: see commands.h; `app` is the whole command line, and is looked at when they run.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddManualCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
