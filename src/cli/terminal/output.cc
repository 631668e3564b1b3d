#include "cli/terminal/output.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/status.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/interrupt.h"

namespace mts::cli {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;
// What a pipe that poll() calls writable takes without blocking.
constexpr size_t kPipeBytes = 4096;

bool IsRegularFile(int fd) {
  struct stat info = {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

Output::Output(int fd) : fd_(fd), max_write_(IsRegularFile(fd) ? size_t{1} << 20 : kPipeBytes) {}

absl::Status Output::Write(std::string_view text) {
  if (buffer_.size() + text.size() > kBufferBytes) {
    MTS_RETURN_IF_ERROR(Flush());
    if (text.size() > kBufferBytes) return WriteThrough(text);
  }
  buffer_.append(text);
  return absl::OkStatus();
}

absl::Status Output::Flush() {
  std::string pending;
  pending.swap(buffer_);
  return WriteThrough(pending);
}

absl::Status Output::WriteThrough(std::string_view text) {
  while (!text.empty()) {
    // Waiting in poll() only, never in write(), lets Ctrl-C through where the reader of a pipe is slow.
    if (!Interrupt::Get().WaitFor(fd_, POLLOUT)) return Interrupt::Get().Check();
    const ssize_t written = write(fd_, text.data(), std::min(text.size(), max_write_));
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (written < 0 && errno == EPIPE) {
      return ClosedPipeError();
    } else if (written < 0 && errno != EINTR && errno != EAGAIN) {
      return ErrnoStatus(errno, "cannot write to the standard output");
    }
  }
  return absl::OkStatus();
}

Output& StandardOutput() {
  static Output* const output = new Output(STDOUT_FILENO);
  return *output;
}

}  // namespace mts::cli
