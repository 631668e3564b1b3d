// The figures of a benchmark, for people and for machines.
//
// Threading: pure functions.
#pragma once

#include <string>

#include "cli/bench/benchmark.h"
#include "cli/bench/settings.h"

namespace mts::cli {

std::string TextReport(const BenchSettings& settings, const BenchResult& result);
// One line.
std::string JsonReport(const BenchSettings& settings, const BenchResult& result);

}  // namespace mts::cli
