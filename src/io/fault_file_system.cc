#include "io/fault_file_system.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "io/fault_file.h"

namespace mts::io {
namespace {

// The next component of `path`, taken off its front; empty at the end.
std::string TakeComponent(std::string_view& path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  const std::string_view name = path.substr(0, path.find('/'));
  path.remove_prefix(name.size());
  return std::string(name);
}

std::string LastComponent(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace

FaultFileSystem::FaultFileSystem(uint64_t seed) : root_(std::make_shared<FaultInode>(true)), random_(seed) {}

FaultFileSystem::~FaultFileSystem() = default;

FaultInodePtr FaultFileSystem::FindLocked(std::string_view path) const {
  FaultInodePtr inode = root_;
  for (std::string name = TakeComponent(path); !name.empty(); name = TakeComponent(path)) {
    if (name == ".") continue;
    const auto found = inode->entries.find(name);
    if (found == inode->entries.end()) return nullptr;
    inode = found->second;
  }
  return inode;
}

absl::StatusOr<FaultFileSystem::Place> FaultFileSystem::PlaceOf(const std::string& path) const {
  Place place{FindLocked(ParentPath(path)), LastComponent(path), nullptr};
  if (place.directory == nullptr || !place.directory->directory) return ErrnoStatus(ENOENT, path);
  const auto found = place.directory->entries.find(place.name);
  if (found != place.directory->entries.end()) place.target = found->second;
  return place;
}

void FaultFileSystem::SetEntry(const Place& place, const FaultInodePtr& target) {
  if (target != nullptr) {
    ++target->links;
    place.directory->entries[place.name] = target;
  } else {
    place.directory->entries.erase(place.name);
  }
  if (place.target != nullptr) {
    --place.target->links;
    ReleaseIfUnused(*place.target);
  }
}

absl::StatusOr<std::unique_ptr<File>> FaultFileSystem::Open(const std::string& path, OpenMode mode) {
  absl::MutexLock lock(&mutex_);
  MTS_ASSIGN_OR_RETURN(const Place place, PlaceOf(path));
  FaultInodePtr inode = place.target;
  const bool may_create = mode == OpenMode::kCreate || mode == OpenMode::kCreateOrTruncate;
  if (inode != nullptr && inode->directory) return ErrnoStatus(EISDIR, Concat("open ", path));
  if (inode != nullptr && mode == OpenMode::kCreate) return ErrnoStatus(EEXIST, Concat("open ", path));
  if (inode == nullptr && !may_create) return ErrnoStatus(ENOENT, Concat("open ", path));
  if (inode == nullptr) {
    MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kCreate, path));
    inode = std::make_shared<FaultInode>(false);
    SetEntry(place, inode);
    journal_.Add({{place.directory, place.name, inode}});
    if (entry == Entry::kProceedAndFail) return PowerIsOff(path);
  } else if (mode == OpenMode::kCreateOrTruncate) {
    MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kTruncate, path));
    inode->content.Resize(0);
    used_ -= inode->charged;
    inode->charged = 0;
    if (entry == Entry::kProceedAndFail) return PowerIsOff(path);
  }
  ++inode->opens;
  return std::make_unique<FaultFile>(this, inode, path, generation_, mode != OpenMode::kRead);
}

absl::Status FaultFileSystem::CreateDirectories(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  return CreateDirectoriesLocked(path);
}

absl::Status FaultFileSystem::CreateDirectoriesLocked(const std::string& path) {
  const std::string parent = ParentPath(path);
  if (parent == path || path == ".") return absl::OkStatus();
  if (const FaultInodePtr inode = FindLocked(path); inode == nullptr || !inode->directory) {
    MTS_RETURN_IF_ERROR(CreateDirectoriesLocked(parent));
    MTS_RETURN_IF_ERROR(CreateDirectoryLocked(path));
  }
  return SyncDirectoryLocked(parent);
}

absl::Status FaultFileSystem::CreateDirectoryLocked(const std::string& path) {
  if (LastComponent(path) == ".") return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const Place place, PlaceOf(path));
  if (place.target != nullptr) {
    return place.target->directory ? absl::OkStatus() : ErrnoStatus(ENOTDIR, Concat("create directory ", path));
  }
  MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kCreateDirectory, path));
  const auto inode = std::make_shared<FaultInode>(true);
  SetEntry(place, inode);
  journal_.Add({{place.directory, place.name, inode}});
  return entry == Entry::kProceedAndFail ? PowerIsOff(path) : absl::OkStatus();
}

absl::Status FaultFileSystem::CreateDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  return CreateDirectoryLocked(path);
}

absl::StatusOr<std::vector<std::string>> FaultFileSystem::List(const std::string& directory) {
  absl::MutexLock lock(&mutex_);
  const FaultInodePtr inode = FindLocked(directory);
  if (inode == nullptr) return ErrnoStatus(ENOENT, Concat("list ", directory));
  if (!inode->directory) return ErrnoStatus(ENOTDIR, Concat("list ", directory));
  std::vector<std::string> names;
  for (const auto& [name, target] : inode->entries) names.push_back(name);
  return names;
}

absl::Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  MTS_ASSIGN_OR_RETURN(const Place source, PlaceOf(from));
  MTS_ASSIGN_OR_RETURN(const Place target, PlaceOf(to));
  if (source.target == nullptr) return ErrnoStatus(ENOENT, Concat("rename ", from, " to ", to));
  if (target.target != nullptr && target.target->directory) return ErrnoStatus(EISDIR, Concat("rename ", from));
  MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kRename, from));
  // Two names of one file: POSIX leaves both.
  if (source.target != target.target) {
    SetEntry(target, source.target);
    SetEntry(source, nullptr);
    journal_.Add({{target.directory, target.name, source.target}, {source.directory, source.name, nullptr}});
  }
  return entry == Entry::kProceedAndFail ? PowerIsOff(from) : absl::OkStatus();
}

absl::Status FaultFileSystem::Exchange(const std::string& a, const std::string& b) {
  absl::MutexLock lock(&mutex_);
  MTS_ASSIGN_OR_RETURN(const Place first, PlaceOf(a));
  MTS_ASSIGN_OR_RETURN(const Place second, PlaceOf(b));
  if (first.target == nullptr || second.target == nullptr)
    return ErrnoStatus(ENOENT, Concat("exchange ", a, " and ", b));
  MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kRename, a));
  // How many names lead to each stays the same.
  first.directory->entries[first.name] = second.target;
  second.directory->entries[second.name] = first.target;
  journal_.Add({{first.directory, first.name, second.target}, {second.directory, second.name, first.target}});
  return entry == Entry::kProceedAndFail ? PowerIsOff(a) : absl::OkStatus();
}

absl::Status FaultFileSystem::Link(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  MTS_ASSIGN_OR_RETURN(const Place source, PlaceOf(from));
  MTS_ASSIGN_OR_RETURN(const Place target, PlaceOf(to));
  if (source.target == nullptr) return ErrnoStatus(ENOENT, Concat("link ", from, " to ", to));
  if (source.target->directory) return ErrnoStatus(EPERM, Concat("link ", from, " to ", to));
  if (target.target != nullptr) return ErrnoStatus(EEXIST, Concat("link ", from, " to ", to));
  MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kLink, from));
  SetEntry(target, source.target);
  journal_.Add({{target.directory, target.name, source.target}});
  return entry == Entry::kProceedAndFail ? PowerIsOff(from) : absl::OkStatus();
}

absl::Status FaultFileSystem::Remove(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  MTS_ASSIGN_OR_RETURN(const Place place, PlaceOf(path));
  if (place.target == nullptr) return ErrnoStatus(ENOENT, Concat("remove ", path));
  if (place.target->directory) return ErrnoStatus(EISDIR, Concat("remove ", path));
  MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kRemove, path));
  SetEntry(place, nullptr);
  journal_.Add({{place.directory, place.name, nullptr}});
  return entry == Entry::kProceedAndFail ? PowerIsOff(path) : absl::OkStatus();
}

absl::Status FaultFileSystem::RemoveDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  MTS_ASSIGN_OR_RETURN(const Place place, PlaceOf(path));
  if (place.target == nullptr) return ErrnoStatus(ENOENT, Concat("remove directory ", path));
  if (!place.target->directory) return ErrnoStatus(ENOTDIR, Concat("remove directory ", path));
  if (!place.target->entries.empty()) return ErrnoStatus(ENOTEMPTY, Concat("remove directory ", path));
  MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kRemove, path));
  SetEntry(place, nullptr);
  journal_.Add({{place.directory, place.name, nullptr}});
  return entry == Entry::kProceedAndFail ? PowerIsOff(path) : absl::OkStatus();
}

absl::StatusOr<bool> FaultFileSystem::Exists(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  return FindLocked(path) != nullptr;
}

absl::Status FaultFileSystem::SyncDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  return SyncDirectoryLocked(path);
}

absl::Status FaultFileSystem::SyncDirectoryLocked(const std::string& path) {
  const FaultInodePtr inode = FindLocked(path);
  if (inode == nullptr) return ErrnoStatus(ENOENT, Concat("sync directory ", path));
  if (!inode->directory) return ErrnoStatus(ENOTDIR, Concat("sync directory ", path));
  MTS_ASSIGN_OR_RETURN(const Entry entry, Enter(FaultOperation::kSyncDirectory, path));
  if (entry == Entry::kSkip) return absl::OkStatus();
  journal_.Sync(inode.get());
  return entry == Entry::kProceedAndFail ? PowerIsOff(path) : absl::OkStatus();
}

absl::StatusOr<uint64_t> FaultFileSystem::FreeBytes(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  return capacity_ - std::min(capacity_, used_);
}

absl::StatusOr<std::unique_ptr<DirectoryLock>> FaultFileSystem::Lock(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  MTS_RETURN_IF_ERROR(PlaceOf(path).status());
  if (!locks_.try_emplace(path, generation_).second) {
    return absl::FailedPreconditionError(Concat(ParentPath(path), " is in use by another server (simulated disk)"));
  }
  return std::make_unique<FaultLock>(this, path, generation_);
}

absl::StatusOr<std::unique_ptr<DirectoryLock>> FaultFileSystem::LockForReading(const std::string& path) {
  return Lock(path);
}

}  // namespace mts::io
