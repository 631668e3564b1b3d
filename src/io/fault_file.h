// Open files and locks of io/fault_file_system.h.
//
// Threading, errors: as there.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "io/fault_file_system.h"

namespace mts::io {

class FaultFile : public File {
 public:
  // The caller holds the mutex and has counted the open.
  FaultFile(FaultFileSystem* files, FaultInodePtr inode, std::string path, uint64_t generation, bool writable)
      : files_(*files),
        inode_(std::move(inode)),
        path_(std::move(path)),
        generation_(generation),
        writable_(writable) {}
  ~FaultFile() override;

  absl::StatusOr<size_t> ReadAt(uint64_t offset, absl::Span<char> to) override;
  absl::Status WriteAt(uint64_t offset, absl::Span<const iovec> parts) override;
  absl::Status SyncData() override;
  void StartWriteback(uint64_t offset, uint64_t length) override {}
  absl::Status Allocate(uint64_t size) override;
  absl::Status Truncate(uint64_t size) override;
  absl::StatusOr<uint64_t> Size() override;
  absl::StatusOr<uint64_t> LinkCount() override;

 private:
  absl::Status CheckAlive(bool for_writing) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(files_.mutex_);

  FaultFileSystem& files_;
  const FaultInodePtr inode_;
  const std::string path_;
  const uint64_t generation_;
  const bool writable_;
};

class FaultLock : public DirectoryLock {
 public:
  FaultLock(FaultFileSystem* files, std::string path, uint64_t generation)
      : files_(*files), path_(std::move(path)), generation_(generation) {}
  ~FaultLock() override;

 private:
  FaultFileSystem& files_;
  const std::string path_;
  const uint64_t generation_;
};

}  // namespace mts::io
