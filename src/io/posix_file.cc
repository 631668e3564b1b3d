#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "io/posix_file_system.h"

namespace mts::io {
namespace {

// Takes the first `count` written bytes off `parts`, beginning at part `first`; answers the first part that is left.
size_t DropWritten(std::vector<iovec>& parts, size_t first, size_t count) {
  while (first < parts.size() && count >= parts[first].iov_len) {
    count -= parts[first].iov_len;
    ++first;
  }
  if (count > 0) {
    parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + count;
    parts[first].iov_len -= count;
  }
  return first;
}

}  // namespace

PosixFile::~PosixFile() { ::close(descriptor_); }

absl::Status PosixFile::Failed(const char* call) const { return ErrnoStatus(errno, Concat(call, " ", path_)); }

absl::StatusOr<size_t> PosixFile::ReadAt(uint64_t offset, absl::Span<char> to) {
  size_t done = 0;
  while (done < to.size()) {
    const ssize_t count = ::pread(descriptor_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (count == 0) break;
    if (count < 0) {
      if (errno == EINTR) continue;
      return Failed("read");
    }
    done += static_cast<size_t>(count);
  }
  return done;
}

absl::Status PosixFile::WriteAt(uint64_t offset, absl::Span<const iovec> parts) {
  std::vector<iovec> rest(parts.begin(), parts.end());
  size_t first = DropWritten(rest, 0, 0);  // steps over empty parts
  while (first < rest.size()) {
    const int batch = static_cast<int>(std::min<size_t>(rest.size() - first, IOV_MAX));
    const ssize_t count = ::pwritev(descriptor_, &rest[first], batch, static_cast<off_t>(offset));
    if (count < 0) {
      if (errno == EINTR) continue;
      return Failed("write");
    }
    if (count == 0) {
      errno = EIO;  // no progress and no reason: never spin
      return Failed("write");
    }
    offset += static_cast<uint64_t>(count);
    first = DropWritten(rest, first, static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status PosixFile::SyncData() {
  // Never repeated after a failure other than EINTR: the kernel may have dropped the dirty pages already.
  while (::fdatasync(descriptor_) != 0) {
    if (errno != EINTR) return Failed("fdatasync");
  }
  return absl::OkStatus();
}

void PosixFile::StartWriteback(uint64_t offset, uint64_t length) {
  ::sync_file_range(descriptor_, static_cast<off64_t>(offset), static_cast<off64_t>(length), SYNC_FILE_RANGE_WRITE);
}

absl::Status PosixFile::Allocate(uint64_t size) {
  if (size == 0) return absl::OkStatus();
  int result;
  do {
    result = ::fallocate(descriptor_, 0, 0, static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return absl::OkStatus();
  if (errno == EOPNOTSUPP || errno == ENOSYS) return FillWithZeros(size);
  return Failed("allocate");
}

absl::Status PosixFile::FillWithZeros(uint64_t size) {
  MTS_ASSIGN_OR_RETURN(uint64_t end, Size());
  static const std::string& zeros = *new std::string(limits::kMiB, '\0');
  while (end < size) {
    const uint64_t count = std::min<uint64_t>(zeros.size(), size - end);
    MTS_RETURN_IF_ERROR(Write(end, std::string_view(zeros).substr(0, count)));
    end += count;
  }
  return absl::OkStatus();
}

absl::Status PosixFile::Truncate(uint64_t size) {
  while (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) return Failed("truncate");
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PosixFile::Size() {
  struct stat state;
  if (::fstat(descriptor_, &state) != 0) return Failed("stat");
  return static_cast<uint64_t>(state.st_size);
}

absl::StatusOr<uint64_t> PosixFile::LinkCount() {
  struct stat state;
  if (::fstat(descriptor_, &state) != 0) return Failed("stat");
  return static_cast<uint64_t>(state.st_nlink);
}

}  // namespace mts::io
