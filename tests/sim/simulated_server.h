// The embedded engine with its payload files on a simulated disk, wired as the server wires them, with calls that wait.
//
// Threading: one caller. Errors: as store/message_store.h and store/payload_store.h. Limits: a call that is not
// answered within a minute ends the process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "io/fault_file_system.h"
#include "store/embedded/embedded_store.h"
#include "store/files/payload_files.h"
#include "tests/wait_for.h"

namespace mts::sim {

struct ServerOptions {
  io::FaultFileSystem* disk = nullptr;
  const Clock* clock = nullptr;
  uint64_t segment_bytes = 64 << 10;
  uint32_t prepared_segments = 0;
  log::Durability durability = log::Durability::kCommit;
};

class SimulatedServer {
 public:
  static absl::StatusOr<std::unique_ptr<SimulatedServer>> Start(const ServerOptions& options);
  // Ends in the server's order: nothing new, payload work, then the log.
  ~SimulatedServer();

  store::EmbeddedStore& messages() { return *messages_; }
  store::PayloadFiles& payloads() { return *payloads_; }

  store::AppendOutcome Append(const std::vector<NewMessage>& batch);
  absl::StatusOr<store::MessageBlockPtr> Read(const Pattern& pattern, uint64_t after, uint32_t max);
  absl::StatusOr<PayloadReference> Put(const std::string& payload);
  absl::StatusOr<std::string> Get(const PayloadReference& reference);
  absl::StatusOr<bool> Expire(uint64_t max_messages);

 private:
  SimulatedServer() = default;

  std::unique_ptr<store::PayloadFiles> payloads_;
  std::unique_ptr<store::EmbeddedStore> messages_;
};

inline constexpr char kDataDirectory[] = "/data";

// Keys of the payload files on the disk, those in incoming/ too.
std::vector<std::string> PayloadKeysOnDisk(io::FileSystem& disk);

}  // namespace mts::sim
