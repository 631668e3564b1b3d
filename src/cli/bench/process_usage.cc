#include "cli/bench/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "base/text.h"

namespace mts::cli {

uint64_t AnonymousMemoryOf(pid_t pid) {
  std::ifstream status(Concat("/proc/", pid, "/status"));
  std::string line;
  while (std::getline(status, line)) {
    if (!line.starts_with("RssAnon:")) continue;
    uint64_t kibibytes = 0;
    std::istringstream(line.substr(8)) >> kibibytes;
    return kibibytes * 1024;
  }
  return 0;
}

double ProcessorSecondsOf(pid_t pid) {
  std::ifstream file(Concat("/proc/", pid, "/stat"));
  std::string line;
  std::getline(file, line);
  // The second field, the name, may hold anything up to its closing parenthesis.
  const size_t after_name = line.rfind(')');
  if (after_name == std::string::npos) return 0;
  std::istringstream fields(line.substr(after_name + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  uint64_t user = 0;
  uint64_t system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace mts::cli
