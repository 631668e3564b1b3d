// The real server as a child process, and a connection to it.
//
// Threading: one thread. Errors: what cannot be started ends the program with a message.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"

namespace mts::crash {

class ServerProcess {
 public:
  ServerProcess(std::string binary, std::string data_dir, std::vector<std::string> flags);
  ~ServerProcess();

  void Start();
  // Connects and waits until it answers; false when it does not within 30 seconds or has ended.
  bool WaitUntilReady();
  void Kill();
  // SIGTERM; the exit code, or -1 after 15 seconds.
  int Stop();

  // A connection of its own to either service (they share one port here).
  std::shared_ptr<grpc::Channel> Connect() const;
  const std::string& log_path() const { return log_path_; }

 private:
  bool HasEnded();

  std::string binary_;
  std::string data_dir_;
  std::string log_path_;
  std::string address_;
  std::vector<std::string> flags_;
  pid_t pid_ = -1;
};

}  // namespace mts::crash
