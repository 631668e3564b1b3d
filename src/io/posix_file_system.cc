#include "io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::io {
namespace {

int OpenFlags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::kCreateOrTruncate:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

absl::StatusOr<int> OpenDescriptor(const std::string& path, int flags) {
  while (true) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
    if (descriptor >= 0) return descriptor;
    if (errno != EINTR) return ErrnoStatus(errno, Concat("open ", path));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<File>> PosixFileSystemImpl::Open(const std::string& path, OpenMode mode) {
  MTS_ASSIGN_OR_RETURN(const int descriptor, OpenDescriptor(path, OpenFlags(mode)));
  return std::make_unique<PosixFile>(descriptor, path);
}

absl::Status PosixFileSystemImpl::CreateDirectories(const std::string& path) {
  const std::string parent = ParentPath(path);
  struct stat state;
  if (::stat(path.c_str(), &state) == 0 && S_ISDIR(state.st_mode)) {
    // A process that was killed may have made it without syncing its name; but not where this one may not even look.
    const absl::Status synced = parent == path ? absl::OkStatus() : SyncDirectory(parent);
    return absl::IsPermissionDenied(synced) ? absl::OkStatus() : synced;
  }
  if (parent != path) MTS_RETURN_IF_ERROR(CreateDirectories(parent));
  MTS_RETURN_IF_ERROR(CreateDirectory(path));
  return SyncDirectory(parent);
}

absl::Status PosixFileSystemImpl::CreateDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0750) == 0) return absl::OkStatus();
  const int error_number = errno;
  struct stat state;
  if (error_number == EEXIST && ::stat(path.c_str(), &state) == 0 && S_ISDIR(state.st_mode)) return absl::OkStatus();
  return ErrnoStatus(error_number, Concat("create directory ", path));
}

absl::StatusOr<std::vector<std::string>> PosixFileSystemImpl::List(const std::string& directory) {
  DIR* const stream = ::opendir(directory.c_str());
  if (stream == nullptr) return ErrnoStatus(errno, Concat("list ", directory));
  const absl::Cleanup close = [stream] { ::closedir(stream); };
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* const entry = ::readdir(stream);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return ErrnoStatus(errno, Concat("list ", directory));
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status PosixFileSystemImpl::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, Concat("rename ", from, " to ", to));
}

absl::Status PosixFileSystemImpl::Exchange(const std::string& a, const std::string& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, Concat("exchange ", a, " and ", b));
}

absl::Status PosixFileSystemImpl::Link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, Concat("link ", from, " to ", to));
}

absl::Status PosixFileSystemImpl::Remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, Concat("remove ", path));
}

absl::Status PosixFileSystemImpl::RemoveDirectory(const std::string& path) {
  if (::rmdir(path.c_str()) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, Concat("remove directory ", path));
}

absl::StatusOr<bool> PosixFileSystemImpl::Exists(const std::string& path) {
  struct stat state;
  if (::stat(path.c_str(), &state) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return ErrnoStatus(errno, Concat("stat ", path));
}

absl::Status PosixFileSystemImpl::SyncDirectory(const std::string& path) {
  MTS_ASSIGN_OR_RETURN(const int descriptor, OpenDescriptor(path, O_RDONLY | O_DIRECTORY));
  const absl::Cleanup close = [descriptor] { ::close(descriptor); };
  while (::fsync(descriptor) != 0) {
    if (errno != EINTR) return ErrnoStatus(errno, Concat("sync directory ", path));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PosixFileSystemImpl::FreeBytes(const std::string& path) {
  struct statvfs state;
  if (::statvfs(path.c_str(), &state) != 0) return ErrnoStatus(errno, Concat("statvfs ", path));
  return static_cast<uint64_t>(state.f_bavail) * state.f_frsize;
}

absl::StatusOr<std::unique_ptr<DirectoryLock>> PosixFileSystemImpl::Lock(const std::string& path) {
  return LockPosixFile(path);
}

FileSystem& PosixFileSystem() {
  static FileSystem& files = *new PosixFileSystemImpl;
  return files;
}

}  // namespace mts::io
