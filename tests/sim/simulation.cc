#include "simulation.h"

#include <memory>
#include <random>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/text.h"
#include "consumer_ledger.h"
#include "ledger.h"
#include "simulated_server.h"
#include "sync_sites.h"
#include "verification.h"
#include "workload.h"

namespace mts::sim {
namespace {

enum class Ending { kPowerCut, kKill, kCleanThenPowerCut };

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options), random_(options.seed), disk_(options.seed), ledger_(&violations_), consumers_(&violations_) {
    server_options_.disk = &disk_;
    server_options_.clock = &clock_;
    server_options_.prepared_segments = static_cast<uint32_t>(Below(3));
    server_options_.segment_bytes = Below(2) == 0 ? 64 << 10 : 128 << 10;
    if (options.weak_durability) {
      server_options_.durability = Below(2) == 0 ? log::Durability::kInterval : log::Durability::kNone;
    }
    disk_.SetHook([this](const io::FaultFileSystem::Call& call) { return OnCall(call); });
  }

  SimulationResult Run() {
    for (int life = 0; life < options_.lives && violations_.empty(); ++life) Live();
    disk_.SetHook(nullptr);
    result_.violations = violations_.list();
    return std::move(result_);
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  io::FaultFileSystem::Verdict OnCall(const io::FaultFileSystem::Call& call) {
    if (call.operation != io::FaultOperation::kSyncData && call.operation != io::FaultOperation::kSyncDirectory) {
      return io::FaultFileSystem::Verdict::kProceed;
    }
    const SyncSite site = CurrentSyncSite();
    absl::MutexLock lock(&sites_mutex_);
    std::string& name = result_.sites[site.key];
    if (name.empty()) name = Concat(io::FaultOperationName(call.operation), ": ", site.name);
    return site.key == options_.skipped_site ? io::FaultFileSystem::Verdict::kSkip
                                             : io::FaultFileSystem::Verdict::kProceed;
  }

  void Live() {
    std::unique_ptr<SimulatedServer> server = StartAndVerify();
    if (server == nullptr) return;
    const uint64_t choice = Below(10);
    const Ending ending = choice < 6 ? Ending::kPowerCut : choice < 9 ? Ending::kKill : Ending::kCleanThenPowerCut;
    if (ending != Ending::kCleanThenPowerCut) disk_.FreezeAt(disk_.operations() + Below(Below(4) == 0 ? 40 : 500));
    Workload({server.get(), &disk_, &clock_, &ledger_, &consumers_, &violations_, &random_}).Run(150);
    if (ending != Ending::kCleanThenPowerCut) disk_.Freeze();
    server.reset();
    End(ending);
  }

  void End(Ending ending) {
    if (ending == Ending::kKill) {
      disk_.Thaw();
      ++result_.kills;
      return;
    }
    // After a clean end nothing may be lost in any mode.
    lost_power_ |= ending == Ending::kPowerCut;
    disk_.PowerCut(random_());
    ++result_.power_cuts;
  }

  // Starts it, at times through further power cuts and kills in the middle of its recovery.
  std::unique_ptr<SimulatedServer> StartAndVerify() {
    for (uint64_t chance = 3; Below(chance) == 0; chance += 2) {
      disk_.FreezeAt(disk_.operations() + Below(12));
      std::unique_ptr<SimulatedServer> server = SimulatedServer::Start(server_options_).value_or(nullptr);
      disk_.Freeze();
      server.reset();
      End(Below(2) == 0 ? Ending::kKill : Ending::kPowerCut);
    }
    absl::StatusOr<std::unique_ptr<SimulatedServer>> server = SimulatedServer::Start(server_options_);
    if (!server.ok()) {
      violations_.Add(Concat("the server does not start: ", server.status().ToString()));
      return nullptr;
    }
    Verification verification;
    verification.server = server->get();
    verification.disk = &disk_;
    verification.ledger = &ledger_;
    verification.consumers = &consumers_;
    verification.violations = &violations_;
    verification.allowed.loss = options_.weak_durability && lost_power_;
    verification.allowed.comebacks = verification.allowed.loss;
    verification.Run();
    lost_power_ = false;
    result_.messages += ledger_.visible_count();
    return *std::move(server);
  }

  const SimulationOptions options_;
  std::mt19937_64 random_;
  io::FaultFileSystem disk_;
  ManualClock clock_;
  Violations violations_;
  Ledger ledger_;
  ConsumerLedger consumers_;
  ServerOptions server_options_;
  bool lost_power_ = false;
  absl::Mutex sites_mutex_;
  SimulationResult result_;
};

}  // namespace

SimulationResult Simulate(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace mts::sim
