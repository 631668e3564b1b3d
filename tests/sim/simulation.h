// One life story of a server on a simulated disk: it works, loses its power or is killed at a random point, starts
// again, is checked, works on.
//
// Threading: one caller at a time; several simulations may run at once. Everything random follows the seed, but for the
// order in which the engine's threads meet.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mts::sim {

struct SimulationOptions {
  uint64_t seed = 1;
  int lives = 5;
  bool weak_durability = false;  // interval or none instead of commit
  uint64_t skipped_site = 0;     // key of a sync that does nothing and answers success; 0: none
};

struct SimulationResult {
  uint64_t power_cuts = 0;
  uint64_t kills = 0;
  uint64_t messages = 0;  // read back and checked
  std::vector<std::string> violations;
  std::map<uint64_t, std::string> sites;  // of syncs met: key → name
};

SimulationResult Simulate(const SimulationOptions& options);

}  // namespace mts::sim
