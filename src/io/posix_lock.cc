#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/text.h"
#include "io/posix_file_system.h"

namespace mts::io {
namespace {

class PosixLock : public DirectoryLock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
  // The file stays: removing it would let two processes lock two files of one name.
  ~PosixLock() override { ::close(descriptor_); }

 private:
  const int descriptor_;
};

std::string ReadHolder(int descriptor) {
  char text[512];
  const ssize_t count = ::pread(descriptor, text, sizeof(text), 0);
  if (count <= 0) return "an unknown process";
  std::string holder;
  // The file may hold anything: only printable bytes go into a message.
  for (const char c : std::string_view(text, static_cast<size_t>(count))) {
    if (c == '\n') break;
    if (absl::ascii_isprint(static_cast<unsigned char>(c))) holder.push_back(c);
  }
  return holder.empty() ? "an unknown process" : holder;
}

std::string DescribeThisProcess() {
  char host[256] = "unknown host";
  ::gethostname(host, sizeof(host) - 1);
  return Concat("pid ", ::getpid(), " on ", host, " since ",
                absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone()), "\n");
}

// Takes the lock without waiting.
absl::StatusOr<std::unique_ptr<DirectoryLock>> LockDescriptor(int descriptor, int operation, const std::string& path) {
  auto lock = std::make_unique<PosixLock>(descriptor);
  int result;
  do {
    result = ::flock(descriptor, operation | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return lock;
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, Concat("lock ", path));
  return absl::FailedPreconditionError(Concat(ParentPath(path), " is in use by ", ReadHolder(descriptor),
                                              " (lock file ", path,
                                              "). Stop that server first, or give this one another data directory."));
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> LockPosixFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return ErrnoStatus(errno, Concat("open ", path));
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<DirectoryLock> lock, LockDescriptor(descriptor, LOCK_EX, path));
  const std::string holder = DescribeThisProcess();
  // The text is for people; a full disk must not keep a server from starting, it has to be able to remove something.
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, holder.data(), holder.size(), 0);
  }
  return lock;
}

absl::StatusOr<std::unique_ptr<DirectoryLock>> PosixFileSystemImpl::LockForReading(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return nullptr;
  if (descriptor < 0) return ErrnoStatus(errno, Concat("open ", path));
  return LockDescriptor(descriptor, LOCK_SH, path);
}

}  // namespace mts::io
