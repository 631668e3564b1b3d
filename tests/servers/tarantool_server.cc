#include "tests/servers/tarantool_server.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

namespace mts::testing {

absl::StatusOr<std::unique_ptr<TarantoolServer>> TarantoolServer::Start(std::vector<std::string> settings) {
  auto server = LaunchOn(FreePorts(1).front(), std::move(settings));
  if (!server.ok()) return server;
  if (absl::Status status = (*server)->WaitUntilReady(); !status.ok()) return status;
  return server;
}

absl::StatusOr<std::unique_ptr<TarantoolServer>> TarantoolServer::LaunchOn(uint16_t port,
                                                                           std::vector<std::string> settings) {
  const std::string program = "/usr/bin/tarantool";
  if (::access(program.c_str(), X_OK) != 0) {
    return absl::NotFoundError("Tarantool is not installed: apt-get install tarantool");
  }
  std::unique_ptr<TarantoolServer> server(new TarantoolServer);
  server->port_ = port;
  const std::string& folder = server->folder();
  std::filesystem::create_directory(folder + "/data");
  std::vector<std::string> environment = {
      "MTS_LISTEN=" + server->address(),
      "MTS_WORK_DIR=" + folder + "/data",
      std::string("MTS_USER=") + kUser,
      std::string("MTS_PASSWORD=") + kPassword,
      "MTS_CONSOLE_SOCKET=",
      std::string("MTS_MODULE_DIR=") + MTS_TARANTOOL_MODULE_DIR,
      "MTS_MEMTX_MEMORY=256M",
      "TMPDIR=" + folder,
  };
  environment.insert(environment.begin(), settings.begin(), settings.end());  // the first of a name counts
  server->program_ = std::make_unique<Program>(std::vector<std::string>{program, MTS_TARANTOOL_SCRIPTS "/init.lua"},
                                               std::move(environment), folder + "/log");
  server->program_->Start();
  return server;
}

absl::Status TarantoolServer::Restart() {
  program_->Kill();
  program_->Start();
  return WaitUntilReady();
}

absl::Status TarantoolServer::WaitUntilReady() {
  for (int i = 0; i < 3000; ++i) {
    if (Listens(port_)) return absl::OkStatus();
    if (!program_->Runs()) break;
    PauseMillis(10);
  }
  return absl::UnavailableError("Tarantool did not come up: " + program_->Log());
}

}  // namespace mts::testing
