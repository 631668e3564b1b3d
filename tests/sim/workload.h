// A client that does everything at random and writes down what it was answered.
//
// Threading: one caller; up to kOutstanding appends are under way at once. Errors go to Violations.
#pragma once

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "consumer_ledger.h"
#include "ledger.h"
#include "simulated_server.h"
#include "violations.h"

namespace mts::sim {

class Workload {
 public:
  struct Parts {
    SimulatedServer* server = nullptr;
    io::FaultFileSystem* disk = nullptr;
    ManualClock* clock = nullptr;
    Ledger* ledger = nullptr;
    ConsumerLedger* consumers = nullptr;
    Violations* violations = nullptr;
    std::mt19937_64* random = nullptr;
  };
  explicit Workload(const Parts& parts) : parts_(parts) {}

  // So many steps, or until the disk stops. Everything is answered when it returns.
  void Run(uint64_t steps);

 private:
  static constexpr int kOutstanding = 8;

  void Step();
  void PublishBatch();
  void PublishWithFiles();
  void PublishUnderCondition();
  void PublishAgain();
  void AbandonUpload();
  void ChangePosition();
  void ReadSome();
  void Expire();
  void PassTime();

  uint64_t Below(uint64_t bound) { return (*parts_.random)() % bound; }
  std::string Subject() { return "s." + std::to_string(Below(5)); }
  std::string Payload(uint64_t batch, size_t index, size_t count, size_t bytes);
  // The batch is in the ledger; `references` has one for each item, null for inline.
  void Submit(uint64_t batch, const std::vector<Item>& items, const std::vector<const PayloadReference*>& references);
  // Sends it with a condition or an id and answers the outcome.
  store::AppendOutcome SendOne(uint64_t batch, const Item& item, std::optional<Sequence> expected_last);
  void WaitForAnswers(int at_most);

  const Parts parts_;
  std::shared_ptr<std::atomic<int>> outstanding_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace mts::sim
