// A server program as a child process with a folder of its own.
//
// Threading: one thread. Errors: NOT_FOUND when the program is not installed; UNAVAILABLE when it does not come up.
// Limits: the folder goes with the object.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace mts::testing {

// A folder below /tmp that is removed at the end.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Ports that nobody listens on now, all different.
std::vector<uint16_t> FreePorts(size_t count);

// Of the folder that tools/install_*.sh write to (MTS_TOOLS says another one); empty when it is not there.
std::string FindTool(const std::string& name);

// 127.0.0.1 with this port (0: any).
sockaddr_in Loopback(uint16_t port);

void PauseMillis(int64_t millis);

// Whether somebody accepts connections on 127.0.0.1.
bool Listens(uint16_t port);
// The status of GET path; 0 when nobody answers.
int HttpStatus(uint16_t port, const std::string& path);

class Program {
 public:
  Program(std::vector<std::string> command, std::vector<std::string> environment, std::string log_path);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void Start();
  void Kill();   // SIGKILL, and waits for its end
  void Pause();  // SIGSTOP: connections stay, nothing moves
  void Resume();
  bool Runs();
  std::string Log() const;

 private:
  const std::vector<std::string> command_;
  const std::vector<std::string> environment_;
  const std::string log_path_;
  pid_t pid_ = -1;
};

}  // namespace mts::testing
