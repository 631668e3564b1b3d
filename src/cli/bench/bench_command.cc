#include "cli/bench/bench_command.h"
namespace mts::cli { void AddBenchCommand(CLI::App&, int&) {} }
