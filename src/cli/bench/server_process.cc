#include "cli/bench/server_process.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/unique_fd.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

constexpr absl::Duration kReadyWithin = absl::Seconds(60);
constexpr absl::Duration kEndWithin = absl::Seconds(10);
constexpr absl::Duration kLookEvery = absl::Milliseconds(20);

// Ports that were free a moment ago, all different.
absl::StatusOr<std::vector<int>> FreePorts(int count) {
  std::vector<UniqueFd> sockets;
  std::vector<int> ports;
  for (int i = 0; i < count; ++i) {
    sockets.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(sockets.back().get(), generic, length) != 0 || getsockname(sockets.back().get(), generic, &length) != 0) {
      return ErrnoStatus(errno, "cannot find a free port");
    }
    ports.push_back(ntohs(address.sin_port));
  }
  return ports;
}

// In the child, between fork and exec: system calls only.
[[noreturn]] void BecomeServer(char* const* arguments, const char* folder, int log) {
  setpgid(0, 0);  // Ctrl-C is for the benchmark, which then stops the server
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  if (chdir(folder) == 0) execv("/proc/self/exe", arguments);
  _exit(127);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::string& folder,
                                                                    const std::vector<std::string>& arguments,
                                                                    bool keep_folder) {
  std::unique_ptr<ServerProcess> server(new ServerProcess);
  std::string name = Concat(folder, "/minitoolstream-bench-XXXXXX");
  if (mkdtemp(name.data()) == nullptr) return ErrnoStatus(errno, Concat("cannot make a folder in ", folder));
  server->folder_ = name;
  server->keep_folder_ = keep_folder;
  MTS_ASSIGN_OR_RETURN(const std::vector<int> ports, FreePorts(2));
  server->addresses_ = {Concat("127.0.0.1:", ports[0]), Concat("127.0.0.1:", ports[1])};
  MTS_RETURN_IF_ERROR(server->Spawn(arguments));
  MTS_RETURN_IF_ERROR(server->WaitUntilReady());
  return server;
}

absl::Status ServerProcess::Spawn(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"minitoolstream",  "serve",           "--ingress-listen", addresses_.ingress,
                                  "--egress-listen", addresses_.egress, "--gate-listen",    "127.0.0.1:0"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& argument : all) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const UniqueFd log(open(Concat(folder_, "/server.log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!log.valid()) return ErrnoStatus(errno, Concat("cannot write in ", folder_));
  pid_ = fork();
  if (pid_ < 0) return ErrnoStatus(errno, "cannot start a server");
  if (pid_ == 0) BecomeServer(pointers.data(), folder_.c_str(), log.get());
  return absl::OkStatus();
}

absl::Status ServerProcess::WaitUntilReady() {
  const absl::Time end = absl::Now() + kReadyWithin;
  ClientOptions options;
  options.addresses = addresses_;
  const Connection connection(options);
  while (absl::Now() < end) {
    pb::GetServerInfoResponse info;
    Call call(absl::Seconds(1));
    if (connection.admin().GetServerInfo(call.context(), {}, &info).ok()) return absl::OkStatus();
    if (HasEnded()) return absl::InternalError(Concat("the server that was started ended: ", EndOfLog()));
    if (!Interrupt::Get().Sleep(kLookEvery)) return Interrupt::Get().Check();
  }
  return absl::InternalError(Concat("the server that was started did not become ready: ", EndOfLog()));
}

bool ServerProcess::HasEnded() {
  if (pid_ <= 0 || waitpid(pid_, nullptr, WNOHANG) != pid_) return pid_ <= 0;
  pid_ = 0;
  return true;
}

std::string ServerProcess::EndOfLog() const {
  std::ifstream log(folder_ + "/server.log");
  std::string line;
  std::string last;
  while (std::getline(log, line)) {
    if (!line.empty()) last = line;
  }
  return last.empty() ? "it said nothing" : last;
}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) kill(pid_, SIGTERM);
  const absl::Time end = absl::Now() + kEndWithin;
  while (!HasEnded() && absl::Now() < end) usleep(static_cast<useconds_t>(absl::ToInt64Microseconds(kLookEvery)));
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (folder_.empty() || keep_folder_) return;
  std::error_code failed;
  std::filesystem::remove_all(folder_, failed);
  if (failed) PrintNote(Concat("could not remove ", folder_, ": ", failed.message()));
}

}  // namespace mts::cli
