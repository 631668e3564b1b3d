// The part of FaultFileSystem that fails, counts and forgets.
#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "io/fault_file_system.h"

namespace mts::io {
namespace {

constexpr uint64_t kBlockBytes = 4096;

// Everything that the directory's durable entries lead to, in an order that does not depend on addresses, and how many
// names each has.
void CollectDurable(const FaultInodePtr& inode, std::vector<FaultInodePtr>& order,
                    std::unordered_map<FaultInodePtr, uint64_t>& links) {
  if (links[inode]++ > 0) return;
  order.push_back(inode);
  for (const auto& [name, target] : inode->synced_entries) CollectDurable(target, order, links);
}

}  // namespace

std::string_view FaultOperationName(FaultOperation operation) {
  switch (operation) {
    case FaultOperation::kRead:
      return "read";
    case FaultOperation::kCreate:
      return "create";
    case FaultOperation::kWrite:
      return "write";
    case FaultOperation::kSyncData:
      return "sync data";
    case FaultOperation::kAllocate:
      return "allocate";
    case FaultOperation::kTruncate:
      return "truncate";
    case FaultOperation::kRename:
      return "rename";
    case FaultOperation::kLink:
      return "link";
    case FaultOperation::kRemove:
      return "remove";
    case FaultOperation::kCreateDirectory:
      return "create directory";
    case FaultOperation::kSyncDirectory:
      return "sync directory";
  }
  return "unknown";
}

absl::Status FaultFileSystem::PowerIsOff(const std::string& path) const {
  return absl::InternalError(Concat(path, ": the power is off (simulated disk)"));
}

absl::StatusOr<FaultFileSystem::Entry> FaultFileSystem::Enter(FaultOperation operation, const std::string& path) {
  const size_t kind = static_cast<size_t>(operation);
  const uint64_t count = ++counts_[kind];
  const bool change = operation != FaultOperation::kRead;
  if (change && frozen_) return PowerIsOff(path);
  if (change && operations_++ >= freeze_at_) {
    frozen_ = true;
    // The caller does not learn whether this one still happened.
    if (Chance(random_, 2)) return PowerIsOff(path);
    return Entry::kProceedAndFail;
  }
  NextFailure& failure = failures_[kind];
  int error_number = failure.always;
  if (failure.after > 0 && --failure.after == 0) error_number = failure.error_number;
  if (error_number != 0)
    return ErrnoStatus(error_number, Concat(FaultOperationName(operation), " ", path, " (injected)"));
  if (hook_ == nullptr) return Entry::kProceed;
  switch (hook_(Call{operation, path, count})) {
    case Verdict::kProceed:
      return Entry::kProceed;
    case Verdict::kSkip:
      return Entry::kSkip;
    case Verdict::kFail:
      return ErrnoStatus(EIO, Concat(FaultOperationName(operation), " ", path, " (injected)"));
  }
  return Entry::kProceed;
}

void FaultFileSystem::Freeze() {
  absl::MutexLock lock(&mutex_);
  frozen_ = true;
}

void FaultFileSystem::FreezeAt(uint64_t operation) {
  absl::MutexLock lock(&mutex_);
  freeze_at_ = operation;
}

bool FaultFileSystem::frozen() const {
  absl::MutexLock lock(&mutex_);
  return frozen_;
}

uint64_t FaultFileSystem::operations() const {
  absl::MutexLock lock(&mutex_);
  return operations_;
}

uint64_t FaultFileSystem::operations(FaultOperation operation) const {
  absl::MutexLock lock(&mutex_);
  return counts_[static_cast<size_t>(operation)];
}

void FaultFileSystem::PowerCut(uint64_t seed) {
  absl::MutexLock lock(&mutex_);
  RandomBits random(seed);
  ++generation_;
  frozen_ = false;
  freeze_at_ = UINT64_MAX;
  locks_.clear();
  used_ = 0;
  journal_.CutPower(random);
  std::vector<FaultInodePtr> order;
  std::unordered_map<FaultInodePtr, uint64_t> links;
  CollectDurable(root_, order, links);
  for (const FaultInodePtr& inode : order) {
    inode->links = links[inode];
    inode->opens = 0;  // the handles that are left are dead
    inode->entries = inode->synced_entries;
    inode->content.CutPower(random);
    inode->charged = AlignUp(inode->content.bytes().size(), kBlockBytes);
    used_ += inode->charged;
  }
}

void FaultFileSystem::Thaw() {
  absl::MutexLock lock(&mutex_);
  frozen_ = false;
  freeze_at_ = UINT64_MAX;
  locks_.clear();
}

void FaultFileSystem::FailNth(FaultOperation operation, uint64_t nth, int error_number) {
  absl::MutexLock lock(&mutex_);
  NextFailure& failure = failures_[static_cast<size_t>(operation)];
  failure.after = nth;
  failure.error_number = error_number;
}

void FaultFileSystem::FailAll(FaultOperation operation, int error_number) {
  absl::MutexLock lock(&mutex_);
  failures_[static_cast<size_t>(operation)].always = error_number;
}

void FaultFileSystem::SetCapacity(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  capacity_ = bytes;
}

uint64_t FaultFileSystem::used_bytes() const {
  absl::MutexLock lock(&mutex_);
  return used_;
}

void FaultFileSystem::SetHook(Hook hook) {
  absl::MutexLock lock(&mutex_);
  hook_ = std::move(hook);
}

void FaultFileSystem::Damage(const std::string& path, uint64_t offset, std::string_view bytes) {
  absl::MutexLock lock(&mutex_);
  const FaultInodePtr inode = FindLocked(path);
  if (inode != nullptr && !inode->directory) inode->content.Damage(offset, bytes);
}

absl::Status FaultFileSystem::Charge(FaultInode& inode, uint64_t end, const std::string& path) {
  const uint64_t needed = AlignUp(end, kBlockBytes);
  if (needed <= inode.charged) return absl::OkStatus();
  if (used_ + (needed - inode.charged) > capacity_) return ErrnoStatus(ENOSPC, path);
  used_ += needed - inode.charged;
  inode.charged = needed;
  return absl::OkStatus();
}

void FaultFileSystem::ReleaseIfUnused(FaultInode& inode) {
  if (inode.links > 0 || inode.opens > 0) return;
  used_ -= inode.charged;
  inode.charged = 0;
}

}  // namespace mts::io
