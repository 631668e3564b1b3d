#include "maintenance/kept_aside.h"

#include <utility>

#include "absl/time/time.h"
#include "base/status.h"
#include "base/text.h"
#include "maintenance/backup_files.h"

namespace mts::maintenance {

KeptAside::KeptAside(io::FileSystem& files, std::string data_dir, Timestamp now)
    : files_(files),
      data_dir_(WithoutTrailingSlash(std::move(data_dir))),
      name_(absl::FormatTime("%Y%m%dT%H%M%SZ", absl::FromUnixMicros(now.value()), absl::UTCTimeZone())) {}

absl::Status KeptAside::MakeDirectory() {
  if (!directory_.empty()) return absl::OkStatus();
  const std::string parent = io::JoinPath(data_dir_, "doctor");
  std::string candidate = io::JoinPath(parent, name_);
  for (int i = 2;; ++i) {
    MTS_ASSIGN_OR_RETURN(const bool exists, files_.Exists(candidate));
    if (!exists) break;
    candidate = io::JoinPath(parent, Concat(name_, "-", i));
  }
  MTS_RETURN_IF_ERROR(files_.CreateDirectories(candidate));
  directory_ = candidate;
  return absl::OkStatus();
}

absl::Status KeptAside::Keep(const std::string& path) {
  MTS_RETURN_IF_ERROR(MakeDirectory());
  const std::string to = directory_ + path.substr(data_dir_.size());
  const std::string parent = io::ParentPath(to);
  if (made_.insert(parent).second) MTS_RETURN_IF_ERROR(files_.CreateDirectories(parent));
  const absl::Status linked = files_.Link(path, to);
  return absl::IsAlreadyExists(linked) ? absl::OkStatus() : linked;
}

absl::Status KeptAside::Move(const std::string& path) {
  const absl::Status kept = Keep(path);
  if (absl::IsNotFound(kept)) return absl::OkStatus();
  MTS_RETURN_IF_ERROR(kept);
  MTS_RETURN_IF_ERROR(files_.SyncDirectory(io::ParentPath(directory_ + path.substr(data_dir_.size()))));
  return files_.Remove(path);
}

absl::Status KeptAside::Sync() {
  for (const std::string& directory : made_) MTS_RETURN_IF_ERROR(files_.SyncDirectory(directory));
  return absl::OkStatus();
}

}  // namespace mts::maintenance
