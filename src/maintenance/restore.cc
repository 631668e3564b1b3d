// The way back of backup.h.
#include <algorithm>
#include <memory>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "maintenance/backup.h"
#include "maintenance/examination.h"

namespace mts::maintenance {
namespace {

constexpr std::string_view kStaging = ".restore";

class RestoreRun {
 public:
  explicit RestoreRun(const BackupOptions& options)
      : options_(options), files_(*options.files), staging_(io::JoinPath(options.target, kStaging)) {}

  absl::StatusOr<CopyCounts> Run() {
    MTS_RETURN_IF_ERROR(LookAtSource());
    MTS_RETURN_IF_ERROR(files_.CreateDirectories(options_.target));
    MTS_ASSIGN_OR_RETURN(const bool begun, files_.Exists(staging_));
    MTS_RETURN_IF_ERROR(CheckIsEmpty(begun));
    MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::DirectoryLock> lock,
                         files_.Lock(io::JoinPath(options_.target, "LOCK")));
    if (begun) {
      MTS_RETURN_IF_ERROR(RemoveTree(files_, PayloadDirectory(options_.target)));
      MTS_RETURN_IF_ERROR(RemoveTree(files_, staging_));
    }
    MTS_RETURN_IF_ERROR(files_.CreateDirectories(staging_));
    BackupFiles to(files_, staging_, "", options_.copy_all, options_.progress);
    MTS_RETURN_IF_ERROR(AddTree(to, "payloads"));
    MTS_RETURN_IF_ERROR(AddTree(to, "log"));
    MTS_RETURN_IF_ERROR(to.Sync());
    MTS_RETURN_IF_ERROR(Publish());
    return to.counts();
  }

 private:
  absl::Status LookAtSource() {
    const std::string mark = io::JoinPath(options_.source, kBackupMark);
    MTS_ASSIGN_OR_RETURN(const bool is_backup, files_.Exists(mark));
    if (is_backup) return CheckIsDataDirectory(files_, options_.source);
    return absl::NotFoundError(Concat(options_.source, " is not a backup: there is no ", mark));
  }

  // `begun`: what an interrupted restore left does not count.
  absl::Status CheckIsEmpty(bool begun) {
    MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(options_.target));
    for (const std::string& name : names) {
      const bool ours = name == "LOCK" || name == kStaging || (begun && name == "payloads");
      if (ours) continue;
      return absl::FailedPreconditionError(Concat(options_.target, " is not empty (it has ", name,
                                                  "): a backup is restored into an empty directory only"));
    }
    return absl::OkStatus();
  }

  // A file is a name that cannot be listed.
  absl::Status AddTree(BackupFiles& to, const std::string& name) {
    const std::string source = io::JoinPath(options_.source, name);
    const absl::StatusOr<std::vector<std::string>> names = files_.List(source);
    if (absl::IsNotFound(names.status())) return absl::OkStatus();
    if (!names.ok()) return to.Add(source, name);
    MTS_RETURN_IF_ERROR(files_.CreateDirectories(to.PathOf(name)));
    for (const std::string& child : *names) MTS_RETURN_IF_ERROR(AddTree(to, io::JoinPath(name, child)));
    return absl::OkStatus();
  }

  // The log comes last: without it a server finds an empty directory.
  absl::Status Publish() {
    for (const std::string& directory : {PayloadDirectory(""), LogDirectory("")}) {
      const std::string from = io::JoinPath(staging_, directory);
      MTS_ASSIGN_OR_RETURN(const bool exists, files_.Exists(from));
      if (!exists) continue;
      MTS_RETURN_IF_ERROR(files_.Rename(from, io::JoinPath(options_.target, directory)));
      MTS_RETURN_IF_ERROR(files_.SyncDirectory(options_.target));
    }
    MTS_RETURN_IF_ERROR(files_.RemoveDirectory(staging_));
    return files_.SyncDirectory(options_.target);
  }

  const BackupOptions& options_;
  io::FileSystem& files_;
  const std::string staging_;
};

}  // namespace

absl::StatusOr<CopyCounts> Restore(const BackupOptions& options) { return RestoreRun(options).Run(); }

}  // namespace mts::maintenance
