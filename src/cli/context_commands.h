// `context add|use|list|show|remove`: named servers, kept in a small file (client/contexts.h).
//
// Threading: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddContextCommands(CLI::App& app, int& exit_code);

}  // namespace mts::cli
