// A Tarantool with our module for a test: on a free port of this machine, with its data in a folder that goes with the
// object.
//
// Threading: one thread. Errors: NOT_FOUND when Tarantool is not installed; UNAVAILABLE when it does not come up.
// Limits: 30 s to come up.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/servers/program.h"

namespace mts::testing {

class TarantoolServer {
 public:
  static constexpr char kUser[] = "minitoolstream";
  static constexpr char kPassword[] = "test-password";

  // `settings`: further NAME=value of init.lua.
  static absl::StatusOr<std::unique_ptr<TarantoolServer>> Start(std::vector<std::string> settings = {});
  // As Start, on a port of FreePorts, and not ready yet.
  static absl::StatusOr<std::unique_ptr<TarantoolServer>> LaunchOn(uint16_t port,
                                                                   std::vector<std::string> settings = {});
  absl::Status WaitUntilReady();

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const std::string& folder() const { return folder_.path(); }
  std::string Log() const { return program_->Log(); }

  void Kill() { program_->Kill(); }
  void Launch() { program_->Start(); }
  bool Runs() { return program_->Runs(); }
  void Pause() { program_->Pause(); }
  void Resume() { program_->Resume(); }
  absl::Status Restart();

 private:
  TarantoolServer() : folder_("tarantool") {}

  ScratchFolder folder_;
  uint16_t port_ = 0;
  std::unique_ptr<Program> program_;
};

}  // namespace mts::testing
