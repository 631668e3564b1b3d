// Looks at everything a freshly started server shows and holds it against the ledgers.
//
// Threading: one caller, with nothing else under way. Errors go to Violations.
#pragma once

#include "consumer_ledger.h"
#include "ledger.h"
#include "simulated_server.h"
#include "violations.h"

namespace mts::sim {

// The payload of a message, fetched if it is a file.
absl::StatusOr<ReadMessage> ReadWithPayload(SimulatedServer& server, const StoredMessage& message);

struct Verification {
  SimulatedServer* server = nullptr;
  io::FaultFileSystem* disk = nullptr;
  Ledger* ledger = nullptr;
  ConsumerLedger* consumers = nullptr;
  Violations* violations = nullptr;
  Allowed allowed;

  void Run();

 private:
  void ReadEverything();
  void CheckSubjects();
  void CheckTotals();
  void CheckConsumers();
  void CheckDamage();
  void CheckPayloadFiles();

  std::vector<ReadMessage> messages_;
  std::vector<std::string> payload_keys_;
};

}  // namespace mts::sim
