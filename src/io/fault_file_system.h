// A disk in memory for tests. It forgets at a power cut what POSIX lets a disk forget, fails where it is told to, and
// has a size.
//
// Durability: bytes of a file are durable after SyncData, names after SyncDirectory of their directory (syncing a file
// does not make its name durable). A power cut keeps a random part of everything else: sectors of 512 or 4096 bytes
// each in one of the states that they went through, torn, or noise where something was written; creations, renames and
// removals each kept or lost (a rename as a whole).
//
// Use: run the program under test; Freeze() or FreezeAt(): from then on every change fails and nothing reaches the
// disk; end the program; PowerCut(seed); start it again. All that is random follows the seeds given, so a failing test
// prints its seed.
//
// Threading: any thread; a single mutex. The hook is called under it and must not call the file system. The file system
// must outlive its files. Errors: as io/file_system.h. Limits: everything is held in memory, twice.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "io/fault_inode.h"
#include "io/file_system.h"

namespace mts::io {

enum class FaultOperation {
  kRead,
  kCreate,  // Open that makes a file
  kWrite,
  kSyncData,
  kAllocate,
  kTruncate,
  kRename,
  kLink,
  kRemove,
  kCreateDirectory,  // one for each directory made
  kSyncDirectory,
};
inline constexpr size_t kFaultOperations = 11;
std::string_view FaultOperationName(FaultOperation operation);

class FaultFileSystem : public FileSystem {
 public:
  explicit FaultFileSystem(uint64_t seed = 1);
  ~FaultFileSystem() override;

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::Status CreateDirectories(const std::string& path) override;
  absl::Status CreateDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Exchange(const std::string& a, const std::string& b) override;  // counts as kRename
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status RemoveDirectory(const std::string& path) override;  // counts as kRemove
  absl::StatusOr<bool> Exists(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<DirectoryLock>> Lock(const std::string& path) override;
  // One holder at a time here.
  absl::StatusOr<std::unique_ptr<DirectoryLock>> LockForReading(const std::string& path) override;

  // ---- Power
  // Every change fails from now on (INTERNAL), reading still works.
  void Freeze();
  // As Freeze, at the change number `operation` (see operations()). That one may or may not have happened.
  void FreezeAt(uint64_t operation);
  bool frozen() const;
  // Ends Freeze and FreezeAt and releases locks, forgetting nothing: the program was killed, the machine was not.
  void Thaw();
  // Forgets, thaws, ends FreezeAt, releases locks. Files that are open are dead: every later call on them fails.
  void PowerCut(uint64_t seed);
  // Changes (everything but kRead) asked for so far, refused ones included.
  uint64_t operations() const;
  uint64_t operations(FaultOperation operation) const;

  // ---- Faults
  // The `nth` operation of this kind from now on (1: the next) fails with `error_number` (EIO, ENOSPC). A write that
  // fails may have written a part; after a sync that failed, what it should have synced is never durable.
  void FailNth(FaultOperation operation, uint64_t nth, int error_number);
  // Every operation of this kind fails; 0 ends it.
  void FailAll(FaultOperation operation, int error_number);
  void SetCapacity(uint64_t bytes);
  uint64_t used_bytes() const;

  struct Call {
    FaultOperation operation;
    const std::string& path;  // of a rename or link: the old name
    uint64_t count;           // 1 for the first of its kind
  };
  enum class Verdict {
    kProceed,
    kSkip,  // kSyncData and kSyncDirectory only: does nothing and answers success
    kFail,  // with EIO
  };
  using Hook = absl::AnyInvocable<Verdict(const Call&)>;
  void SetHook(Hook hook);

  // Changes bytes on the disk, as decay does. The file must exist.
  void Damage(const std::string& path, uint64_t offset, std::string_view bytes);

 private:
  friend class FaultFile;
  friend class FaultLock;
  struct Place {
    FaultInodePtr directory;
    std::string name;
    FaultInodePtr target;  // null: no such name
  };
  enum class Entry { kProceed, kSkip, kProceedAndFail };
  struct NextFailure {
    uint64_t after = 0;  // operations of the kind until it; 0: none
    int error_number = 0;
    int always = 0;
  };

  // Counts the operation and decides what becomes of it; an error: refused.
  absl::StatusOr<Entry> Enter(FaultOperation operation, const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status PowerIsOff(const std::string& path) const;
  FaultInodePtr FindLocked(std::string_view path) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // NOT_FOUND when the directory does not exist.
  absl::StatusOr<Place> PlaceOf(const std::string& path) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CreateDirectoriesLocked(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CreateDirectoryLocked(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status SyncDirectoryLocked(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetEntry(const Place& place, const FaultInodePtr& target) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // ENOSPC when the file cannot grow to `end`.
  absl::Status Charge(FaultInode& inode, uint64_t end, const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReleaseIfUnused(FaultInode& inode) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  const FaultInodePtr root_;  // what it points to is guarded by mutex_
  FaultDirectoryJournal journal_ ABSL_GUARDED_BY(mutex_);
  RandomBits random_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;  // one more with each power cut
  bool frozen_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t freeze_at_ ABSL_GUARDED_BY(mutex_) = UINT64_MAX;
  uint64_t operations_ ABSL_GUARDED_BY(mutex_) = 0;
  std::array<uint64_t, kFaultOperations> counts_ ABSL_GUARDED_BY(mutex_){};
  std::array<NextFailure, kFaultOperations> failures_ ABSL_GUARDED_BY(mutex_){};
  Hook hook_ ABSL_GUARDED_BY(mutex_);
  uint64_t capacity_ ABSL_GUARDED_BY(mutex_) = uint64_t{1} << 40;
  uint64_t used_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, uint64_t> locks_ ABSL_GUARDED_BY(mutex_);  // path → generation of the holder
};

}  // namespace mts::io
