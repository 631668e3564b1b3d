// Preloaded into Tarantool by tests: while the file MTS_TEST_WAL.hold exists, writes to its write-ahead log wait; while
// MTS_TEST_WAL.full exists, they fail as a full disk does. Everything else is the real thing.
#include <dlfcn.h>
#include <errno.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace {

bool IsWriteAheadLog(int fd) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof(path));
  return size > 0 && std::string_view(path, static_cast<size_t>(size)).find(".xlog") != std::string_view::npos;
}

bool Exists(const char* suffix) {
  const char* const base = std::getenv("MTS_TEST_WAL");
  return base != nullptr && ::access((std::string(base) + suffix).c_str(), F_OK) == 0;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) ssize_t writev(int fd, const iovec* parts, int count) {
  using Writev = ssize_t (*)(int, const iovec*, int);
  static const auto real = reinterpret_cast<Writev>(::dlsym(RTLD_NEXT, "writev"));
  if (IsWriteAheadLog(fd)) {
    const timespec pause{0, 1'000'000};
    while (Exists(".hold")) ::nanosleep(&pause, nullptr);
    if (Exists(".full")) {
      errno = ENOSPC;
      return -1;
    }
  }
  return real(fd, parts, count);
}
