// minitoolstream ack and consumers: see commands.h.
#pragma once

#include <CLI/CLI.hpp>

namespace mts::cli {

void AddAcknowledgeCommand(CLI::App& app, int& exit_code);
void AddConsumersCommand(CLI::App& app, int& exit_code);

}  // namespace mts::cli
