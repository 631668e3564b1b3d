// A server of this same binary as a child, on free ports, for the length of a benchmark.
//
// Threading: one thread. Errors: a server that does not become ready, with the end of its log. The child is stopped
// (SIGTERM, after 10 s SIGKILL) and its folder removed with this object; it also ends when this process dies.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/client/connection.h"

namespace mts::cli {

class ServerProcess {
 public:
  // Below `folder` a folder for this server is made, in which it runs: relative paths in its arguments lie there.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const std::string& folder,
                                                              const std::vector<std::string>& arguments,
                                                              bool keep_folder);
  ~ServerProcess();

  pid_t pid() const { return pid_; }
  const ServerAddresses& addresses() const { return addresses_; }
  const std::string& folder() const { return folder_; }

 private:
  ServerProcess() = default;
  absl::Status Spawn(const std::vector<std::string>& arguments);
  absl::Status WaitUntilReady();
  bool HasEnded();
  std::string EndOfLog() const;

  std::string folder_;
  bool keep_folder_ = false;
  ServerAddresses addresses_;
  pid_t pid_ = 0;
};

}  // namespace mts::cli
