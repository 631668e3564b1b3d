// Each sync of the engine counts: with any one of them switched off, some power cut loses something that was promised.
// The syncs are found at run time, so that a new one is tested without being listed here.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "io/fault_file_system.h"
#include "simulated_server.h"
#include "simulation.h"
#include "spdlog/spdlog.h"
#include "sync_sites.h"

namespace mts::sim {
namespace {

constexpr uint64_t kStoriesToFindSites = 60;
constexpr uint64_t kStoriesPerSite = 400;

// Syncs that no story has to show the need of, and why. They stay: each holds where its substitute does not come.
struct Exemption {
  std::string_view part_of_name;
  std::string_view reason;
};
constexpr Exemption kExemptions[] = {
    {"SegmentPool::WriteOneAhead",
     "writes zeros ahead for speed; the header is synced when the file is taken into use"},
    {"SegmentPool::FillLoop", "as WriteOneAhead, inlined"},
    {"sync data: mts::log::SegmentPool::Take",
     "the first group's sync writes the header too; without either there is nothing to read"},
    {"sync directory: mts::log::Recover", "SegmentPool::Take syncs the same directory before the server is ready"},
    {"sync directory: mts::log::RewriteSegment", "as Recover"},
    {"mts::log::(anonymous namespace)::WriteCopy",
     "one of two syncs of the same file; the later one covers the earlier"},
    {"sync directory: mts::store::PayloadFiles::Open",
     "the first fan-out directory syncs the same parent; TheFirstPayloadNeedsItsDirectory shows it"},
};

std::string_view ExemptionOf(const std::string& name) {
  for (const Exemption& exemption : kExemptions) {
    if (name.find(exemption.part_of_name) != std::string::npos) return exemption.reason;
  }
  return {};
}

SimulationOptions Story(uint64_t seed, uint64_t skipped_site) {
  SimulationOptions options;
  options.seed = seed;
  options.weak_durability = seed % 4 == 0;
  options.skipped_site = skipped_site;
  return options;
}

std::map<uint64_t, std::string> FindSites() {
  std::map<uint64_t, std::string> sites;
  for (uint64_t seed = 1; seed <= kStoriesToFindSites; ++seed) {
    const SimulationResult result = Simulate(Story(seed, 0));
    EXPECT_TRUE(result.violations.empty()) << "seed " << seed << ": " << result.violations.front();
    sites.insert(result.sites.begin(), result.sites.end());
  }
  return sites;
}

// The story that shows it, and what it shows; 0 when none does.
uint64_t FirstStoryThatFails(uint64_t site, std::string& violation) {
  for (uint64_t seed = 1; seed <= kStoriesPerSite; ++seed) {
    const SimulationResult result = Simulate(Story(seed, site));
    if (result.violations.empty()) continue;
    violation = result.violations.front();
    return seed;
  }
  return 0;
}

TEST(SyncMutationTest, EachSyncIsNeeded) {
  spdlog::set_level(spdlog::level::off);
  const char* const only = std::getenv("MTS_SIM_SITE");  // a part of the names to look at
  const std::map<uint64_t, std::string> sites = FindSites();
  EXPECT_GE(sites.size(), 10u) << "are symbols missing?";
  for (const auto& [key, name] : sites) {
    if (only != nullptr && name.find(only) == std::string::npos) continue;
    if (const std::string_view reason = ExemptionOf(name); !reason.empty()) {
      std::printf("exempt   %s: %s\n", name.c_str(), std::string(reason).c_str());
      continue;
    }
    std::string violation;
    const uint64_t seed = FirstStoryThatFails(key, violation);
    EXPECT_NE(seed, 0u) << name << ": nothing shows that it is missing";
    std::printf("%s %s: story %lu: %s\n", seed == 0 ? "MISSED  " : "detected", name.c_str(), seed, violation.c_str());
    std::fflush(stdout);
  }
}

// The power goes after the first payload was answered and before any file found its place: too rare a cut for the
// random stories. Answers whether the payload came through.
bool FirstPayloadSurvives(bool skip_syncs_of_open, uint64_t seed) {
  io::FaultFileSystem disk(seed);
  ManualClock clock;
  ServerOptions options;
  options.disk = &disk;
  options.clock = &clock;
  disk.SetHook([&](const io::FaultFileSystem::Call& call) {
    const bool of_open = call.operation == io::FaultOperation::kSyncDirectory &&
                         CurrentSyncSite().name.find("PayloadFiles::Open") != std::string::npos;
    return of_open && skip_syncs_of_open ? io::FaultFileSystem::Verdict::kSkip : io::FaultFileSystem::Verdict::kProceed;
  });
  const std::string payload(5000, 'p');
  {
    const auto server = SimulatedServer::Start(options);
    if (!server.ok()) return false;
    // Nothing leaves incoming/.
    disk.SetHook([](const io::FaultFileSystem::Call& call) {
      return call.operation == io::FaultOperation::kCreateDirectory ? io::FaultFileSystem::Verdict::kFail
                                                                    : io::FaultFileSystem::Verdict::kProceed;
    });
    const auto reference = (*server)->Put(payload);
    EXPECT_TRUE(reference.ok()) << reference.status();
    NewMessage message;
    message.subject = "s";
    message.reference = &*reference;
    EXPECT_TRUE((*server)->Append({message}).status.ok());
    disk.Freeze();
  }
  disk.SetHook(nullptr);
  disk.PowerCut(seed);
  const auto server = SimulatedServer::Start(options);
  if (!server.ok()) return false;
  const auto block = (*server)->Read(Pattern::All(), 0, 10);
  if (!block.ok() || (*block)->messages.size() != 1) return false;
  return (*server)->Get(*(*block)->messages[0].reference).value_or("") == payload;
}

TEST(SyncMutationTest, TheFirstPayloadNeedsItsDirectory) {
  spdlog::set_level(spdlog::level::off);
  constexpr uint64_t kSeeds = 40;
  uint64_t lost = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    EXPECT_TRUE(FirstPayloadSurvives(false, seed)) << "seed " << seed;
    if (!FirstPayloadSurvives(true, seed)) ++lost;
  }
  EXPECT_GT(lost, 0u) << "nothing shows that the sync of PayloadFiles::Open is missing";
}

}  // namespace
}  // namespace mts::sim
