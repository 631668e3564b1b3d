// The pieces of the real file system; callers use PosixFileSystem() of io/file_system.h.
//
// Threading, errors: as io/file_system.h. Limits: those of the machine.
#pragma once

#include <string>

#include "io/file_system.h"

namespace mts::io {

// An open file descriptor, closed at the end of its life.
class PosixFile : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override;
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  absl::StatusOr<size_t> ReadAt(uint64_t offset, absl::Span<char> to) override;
  absl::Status WriteAt(uint64_t offset, absl::Span<const iovec> parts) override;
  absl::Status SyncData() override;
  void StartWriteback(uint64_t offset, uint64_t length) override;
  absl::Status Allocate(uint64_t size) override;
  absl::Status Truncate(uint64_t size) override;
  absl::StatusOr<uint64_t> Size() override;
  absl::StatusOr<uint64_t> LinkCount() override;

 private:
  absl::Status Failed(const char* call) const;
  // Where the file system cannot reserve blocks: writes zeros from the present end on.
  absl::Status FillWithZeros(uint64_t size);

  const int descriptor_;
  const std::string path_;
};

class PosixFileSystemImpl : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::Status CreateDirectories(const std::string& path) override;
  absl::Status CreateDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Exchange(const std::string& a, const std::string& b) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status RemoveDirectory(const std::string& path) override;
  absl::StatusOr<bool> Exists(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<DirectoryLock>> Lock(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<DirectoryLock>> LockForReading(const std::string& path) override;
};

// flock on the file `path`, which then says who holds it.
absl::StatusOr<std::unique_ptr<DirectoryLock>> LockPosixFile(const std::string& path);

}  // namespace mts::io
