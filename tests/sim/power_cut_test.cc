// Power cuts and kills at random points of the whole engine (promises P1 to P5). More of them with MTS_SIM_CUTS; a
// single story again with MTS_SIM_SEED.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "simulation.h"
#include "spdlog/spdlog.h"

namespace mts::sim {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void Survive(uint64_t cuts, bool weak_durability) {
  const bool single = std::getenv("MTS_SIM_SEED") != nullptr;
  spdlog::set_level(single ? spdlog::level::info : spdlog::level::off);
  const uint64_t first_seed = FromEnvironment("MTS_SIM_SEED", 1);
  if (single) cuts = 1;
  uint64_t seen_cuts = 0, kills = 0, messages = 0;
  for (uint64_t seed = first_seed; seen_cuts < cuts; ++seed) {
    SimulationOptions options;
    options.seed = seed;
    options.weak_durability = weak_durability;
    const SimulationResult result = Simulate(options);
    seen_cuts += result.power_cuts;
    kills += result.kills;
    messages += result.messages;
    for (const std::string& violation : result.violations) ADD_FAILURE() << "seed " << seed << ": " << violation;
    if (!result.violations.empty()) return;
  }
  std::printf("seeds from %lu on: %lu power cuts, %lu kills, %lu messages read back\n", first_seed, seen_cuts, kills,
              messages);
  EXPECT_GT(messages, cuts);
}

TEST(PowerCutTest, NothingAnsweredOrSeenIsLost) { Survive(FromEnvironment("MTS_SIM_CUTS", 500), false); }

// Messages may be lost from the end; the rest holds: order, no sequence twice, batches whole, payloads there, no
// damage.
TEST(PowerCutTest, WeakDurabilityLosesOnlyTheEnd) { Survive(FromEnvironment("MTS_SIM_CUTS", 500) / 5, true); }

}  // namespace
}  // namespace mts::sim
