// `minitoolstream serve`, and `ingress`, `egress`, `cleaner` of a cluster: reads the configuration, starts the server,
// waits for a signal, shuts it down.
//
// Threading: from main, before the command line is parsed. Exit codes: 0 after a signal, 2 for a wrong configuration, 1
// when the server could not start.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::server {

void AddServerCommands(CLI::App& app, int& exit_code);

}  // namespace mts::server
