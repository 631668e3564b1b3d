#include "io/fault_file.h"

#include <algorithm>
#include <cerrno>

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::io {

FaultFile::~FaultFile() {
  absl::MutexLock lock(&files_.mutex_);
  if (generation_ != files_.generation_) return;
  --inode_->opens;
  files_.ReleaseIfUnused(*inode_);
}

absl::Status FaultFile::CheckAlive(bool for_writing) const {
  if (generation_ != files_.generation_) return files_.PowerIsOff(path_);
  if (for_writing && !writable_) return ErrnoStatus(EBADF, path_);
  return absl::OkStatus();
}

absl::StatusOr<size_t> FaultFile::ReadAt(uint64_t offset, absl::Span<char> to) {
  absl::MutexLock lock(&files_.mutex_);
  MTS_RETURN_IF_ERROR(CheckAlive(false));
  MTS_RETURN_IF_ERROR(files_.Enter(FaultOperation::kRead, path_).status());
  const std::string& bytes = inode_->content.bytes();
  if (offset >= bytes.size()) return size_t{0};
  return bytes.copy(to.data(), to.size(), offset);
}

absl::Status FaultFile::WriteAt(uint64_t offset, absl::Span<const iovec> parts) {
  std::string bytes;
  for (const iovec& part : parts) bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
  absl::MutexLock lock(&files_.mutex_);
  MTS_RETURN_IF_ERROR(CheckAlive(true));
  const absl::StatusOr<FaultFileSystem::Entry> entry = files_.Enter(FaultOperation::kWrite, path_);
  absl::Status status = entry.status();
  if (status.ok()) status = files_.Charge(*inode_, offset + bytes.size(), path_);
  if (!status.ok()) {
    // A write that fails may have written its beginning, but not what found no room.
    const uint64_t room = std::max<uint64_t>(inode_->charged, offset) - offset;
    const bool frozen = files_.frozen_;
    if (!frozen) bytes.resize(files_.random_() % (std::min<uint64_t>(bytes.size(), room) + 1));
    if (!frozen) inode_->content.Write(offset, bytes);
    return status;
  }
  inode_->content.Write(offset, bytes);
  return *entry == FaultFileSystem::Entry::kProceedAndFail ? files_.PowerIsOff(path_) : absl::OkStatus();
}

absl::Status FaultFile::SyncData() {
  absl::MutexLock lock(&files_.mutex_);
  MTS_RETURN_IF_ERROR(CheckAlive(false));
  const absl::StatusOr<FaultFileSystem::Entry> entry = files_.Enter(FaultOperation::kSyncData, path_);
  if (!entry.ok()) {
    if (!files_.frozen_) inode_->content.FailSync(files_.random_);
    return entry.status();
  }
  if (*entry == FaultFileSystem::Entry::kSkip) return absl::OkStatus();
  inode_->content.Sync();
  return *entry == FaultFileSystem::Entry::kProceedAndFail ? files_.PowerIsOff(path_) : absl::OkStatus();
}

absl::Status FaultFile::Allocate(uint64_t size) {
  absl::MutexLock lock(&files_.mutex_);
  MTS_RETURN_IF_ERROR(CheckAlive(true));
  MTS_ASSIGN_OR_RETURN(const FaultFileSystem::Entry entry, files_.Enter(FaultOperation::kAllocate, path_));
  MTS_RETURN_IF_ERROR(files_.Charge(*inode_, size, path_));
  if (size > inode_->content.bytes().size()) inode_->content.Resize(size);
  return entry == FaultFileSystem::Entry::kProceedAndFail ? files_.PowerIsOff(path_) : absl::OkStatus();
}

absl::Status FaultFile::Truncate(uint64_t size) {
  absl::MutexLock lock(&files_.mutex_);
  MTS_RETURN_IF_ERROR(CheckAlive(true));
  MTS_ASSIGN_OR_RETURN(const FaultFileSystem::Entry entry, files_.Enter(FaultOperation::kTruncate, path_));
  inode_->content.Resize(size);
  const uint64_t still_charged = std::min(inode_->charged, AlignUp(size, 4096));
  files_.used_ -= inode_->charged - still_charged;
  inode_->charged = still_charged;
  return entry == FaultFileSystem::Entry::kProceedAndFail ? files_.PowerIsOff(path_) : absl::OkStatus();
}

absl::StatusOr<uint64_t> FaultFile::Size() {
  absl::MutexLock lock(&files_.mutex_);
  MTS_RETURN_IF_ERROR(CheckAlive(false));
  return inode_->content.bytes().size();
}

absl::StatusOr<uint64_t> FaultFile::LinkCount() {
  absl::MutexLock lock(&files_.mutex_);
  MTS_RETURN_IF_ERROR(CheckAlive(false));
  return inode_->links;
}

FaultLock::~FaultLock() {
  absl::MutexLock lock(&files_.mutex_);
  const auto found = files_.locks_.find(path_);
  if (found != files_.locks_.end() && found->second == generation_) files_.locks_.erase(found);
}

}  // namespace mts::io
