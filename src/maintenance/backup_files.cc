#include "maintenance/backup_files.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::maintenance {
namespace {

constexpr uint64_t kPieceBytes = 1 * limits::kMiB;
constexpr size_t kBeginningBytes = 4096;

// Files of the log hold a random identity there, names of payload files are random themselves: with the same name and
// beginning and size, a file is the same.
struct FileBeginning {
  uint64_t size = 0;
  std::string bytes;
  bool operator==(const FileBeginning&) const = default;
};

absl::StatusOr<FileBeginning> BeginningOf(io::FileSystem& files, const std::string& path) {
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, files.Open(path, io::OpenMode::kRead));
  FileBeginning beginning;
  MTS_ASSIGN_OR_RETURN(beginning.size, file->Size());
  beginning.bytes.resize(kBeginningBytes);
  MTS_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(0, absl::MakeSpan(beginning.bytes)));
  beginning.bytes.resize(count);
  return beginning;
}

}  // namespace

absl::Status BackupFiles::MakeParent(const std::string& path) {
  const std::string parent = io::ParentPath(path);
  if (!made_.insert(parent).second) return absl::OkStatus();
  return files_.CreateDirectories(parent);
}

absl::StatusOr<bool> BackupFiles::TakeOver(const std::string& source, const std::string& name) {
  if (earlier_.empty()) return false;
  const std::string before = io::JoinPath(earlier_, name);
  const absl::StatusOr<FileBeginning> had = BeginningOf(files_, before);
  if (!had.ok()) return false;
  MTS_ASSIGN_OR_RETURN(const FileBeginning has, BeginningOf(files_, source));
  return *had == has && files_.Link(before, PathOf(name)).ok();
}

absl::Status BackupFiles::Add(const std::string& source, const std::string& name) {
  const std::string to = PathOf(name);
  MTS_RETURN_IF_ERROR(MakeParent(to));
  if (can_link_ && !copy_all_) {
    absl::Status linked = files_.Link(source, to);
    if (linked.ok()) ++counts_.linked;
    if (linked.ok() || absl::IsAlreadyExists(linked)) return progress_.advance(0, name);
    if (absl::IsNotFound(linked)) return linked;
    // Another file system, or one without links.
    can_link_ = false;
  }
  MTS_ASSIGN_OR_RETURN(const bool taken, TakeOver(source, name));
  if (taken) {
    ++counts_.taken_over;
    return progress_.advance(0, name);
  }
  MTS_ASSIGN_OR_RETURN(const bool there, files_.Exists(to));
  if (there) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, files_.Open(source, io::OpenMode::kRead));
  MTS_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  return AddCopy(*file, name, size);
}

absl::Status BackupFiles::AddCopy(io::File& source, const std::string& name, uint64_t length) {
  const std::string to = PathOf(name);
  MTS_RETURN_IF_ERROR(MakeParent(to));
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> copy, files_.Open(to, io::OpenMode::kCreateOrTruncate));
  const auto buffer = std::make_unique_for_overwrite<char[]>(std::min(kPieceBytes, length + 1));
  for (uint64_t offset = 0; offset < length;) {
    const uint64_t piece = std::min(kPieceBytes, length - offset);
    MTS_RETURN_IF_ERROR(source.ReadExactly(offset, absl::MakeSpan(buffer.get(), piece)));
    MTS_RETURN_IF_ERROR(copy->Write(offset, {buffer.get(), piece}));
    copy->StartWriteback(offset, piece);
    offset += piece;
    MTS_RETURN_IF_ERROR(progress_.advance(piece, name));
  }
  ++counts_.copied;
  counts_.copied_bytes += length;
  return copy->SyncData();
}

absl::Status BackupFiles::AddText(const std::string& name, std::string_view text) {
  MTS_RETURN_IF_ERROR(MakeParent(PathOf(name)));
  return io::WriteFileAtomically(files_, PathOf(name), text);
}

absl::Status BackupFiles::Sync() {
  for (const std::string& directory : made_) MTS_RETURN_IF_ERROR(files_.SyncDirectory(directory));
  return absl::OkStatus();
}

std::string WithoutTrailingSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

absl::Status RemoveTree(io::FileSystem& files, const std::string& directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  MTS_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    const std::string path = io::JoinPath(directory, name);
    if (!files.Remove(path).ok()) MTS_RETURN_IF_ERROR(RemoveTree(files, path));
  }
  return files.RemoveDirectory(directory);
}

}  // namespace mts::maintenance
