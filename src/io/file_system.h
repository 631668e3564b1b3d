// Every disk access of the product goes through here: posix for real, simulated in tests (drops what was not synced,
// tears writes, returns EIO and ENOSPC).
//
// Threading: FileSystem may be used from any thread. A File may be used from any thread; concurrent writes must not
// overlap. Errors: ErrnoStatus (base/status.h), text with call and path. A file's bytes are durable after SyncData, its
// name (creation, rename, removal) after SyncDirectory of its directory.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace mts::io {

class File {
 public:
  virtual ~File() = default;  // closes

  // Fills `to` from `offset`; the count is shorter only at the end of the file.
  virtual absl::StatusOr<size_t> ReadAt(uint64_t offset, absl::Span<char> to) = 0;
  // Writes all of it, in order, at `offset`.
  virtual absl::Status WriteAt(uint64_t offset, absl::Span<const iovec> parts) = 0;
  // fdatasync: bytes and, where it changed, the size.
  virtual absl::Status SyncData() = 0;
  // Starts writing dirty bytes out without waiting; a hint, it makes nothing durable.
  virtual void StartWriteback(uint64_t offset, uint64_t length) = 0;
  // Reserves disk blocks, so that later writes below `size` meet no ENOSPC; extends the file to `size`.
  virtual absl::Status Allocate(uint64_t size) = 0;
  virtual absl::Status Truncate(uint64_t size) = 0;
  virtual absl::StatusOr<uint64_t> Size() = 0;
  // Hard links to it; a segment with more than one is never written again (backups).
  virtual absl::StatusOr<uint64_t> LinkCount() = 0;

  // As WriteAt with one part.
  absl::Status Write(uint64_t offset, std::string_view bytes);
  // Reads exactly `length` bytes; DATA_LOSS when the file ends before.
  absl::Status ReadExactly(uint64_t offset, absl::Span<char> to);
};

// Held until destroyed.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

enum class OpenMode {
  kRead,              // must exist
  kReadWrite,         // must exist
  kCreate,            // must not exist; read and write
  kCreateOrTruncate,  // made empty if it exists; read and write
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  // With parents, their names synced; also when it exists, because who made it may have been killed before the sync.
  virtual absl::Status CreateDirectories(const std::string& path) = 0;
  // One directory, its name not synced; fine if it exists.
  virtual absl::Status CreateDirectory(const std::string& path) = 0;
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;  // names, sorted
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;          // replaces `to`
  // Swaps two names of the same file system in one step; both must exist.
  virtual absl::Status Exchange(const std::string& a, const std::string& b) = 0;
  virtual absl::Status Link(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;
  virtual absl::Status RemoveDirectory(const std::string& path) = 0;  // an empty one
  virtual absl::StatusOr<bool> Exists(const std::string& path) = 0;
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  virtual absl::StatusOr<uint64_t> FreeBytes(const std::string& path) = 0;
  // FAILED_PRECONDITION naming the holder when another process has it.
  virtual absl::StatusOr<std::unique_ptr<DirectoryLock>> Lock(const std::string& path) = 0;
  // Keeps those that Lock out, as long as it is held, and writes nothing; several may hold it. The same error as
  // Lock's. Null when there is no such file: nobody ever locked it.
  virtual absl::StatusOr<std::unique_ptr<DirectoryLock>> LockForReading(const std::string& path) = 0;
};

// The real one; one for the process, never destroyed.
FileSystem& PosixFileSystem();

std::string JoinPath(std::string_view directory, std::string_view name);
// The directory that `path` lies in; "." for a bare name.
std::string ParentPath(std::string_view path);

// The whole of a small file; RESOURCE_EXHAUSTED when it is longer than `limit`.
absl::StatusOr<std::string> ReadWholeFile(FileSystem& files, const std::string& path, uint64_t limit);

// Writes `bytes` under `path`.tmp, syncs, renames over `path`, syncs the directory: all there or not there.
absl::Status WriteFileAtomically(FileSystem& files, const std::string& path, std::string_view bytes);

}  // namespace mts::io
