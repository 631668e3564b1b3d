#include "maintenance/backup.h"

#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "maintenance/examination.h"
#include "maintenance/log_backup.h"
#include "store/files/payload_paths.h"

namespace mts::maintenance {
namespace {

constexpr int kPasses = 100;
constexpr std::string_view kMarkTitle = "minitoolstream backup";

bool IsInside(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory + "/");
}

// NOT_FOUND: `directory` holds none.
absl::Status CheckIsBackup(io::FileSystem& files, const std::string& directory) {
  const std::string path = io::JoinPath(directory, kBackupMark);
  const absl::StatusOr<std::string> mark = io::ReadWholeFile(files, path, limits::kMiB);
  if (mark.ok() && mark->starts_with(kMarkTitle)) return absl::OkStatus();
  if (!mark.ok() && !absl::IsNotFound(mark.status())) return mark.status();
  return absl::NotFoundError(Concat(directory, " is not a backup: there is no ", path));
}

class BackupRun {
 public:
  explicit BackupRun(const BackupOptions& options)
      : options_(options),
        files_(*options.files),
        source_(WithoutTrailingSlash(options.source)),
        target_(WithoutTrailingSlash(options.target)),
        staging_(target_ + ".partial"),
        source_payloads_(PayloadDirectory(source_)) {}

  absl::StatusOr<BackupResult> Run() {
    MTS_RETURN_IF_ERROR(CheckIsDataDirectory(files_, source_));
    if (IsInside(target_, source_)) {
      return absl::InvalidArgumentError(Concat(target_, " lies in the data directory itself"));
    }
    MTS_RETURN_IF_ERROR(LookAtTarget());
    MTS_RETURN_IF_ERROR(PrepareStaging());
    BackupFiles to(files_, staging_, earlier_, options_.copy_all, options_.progress);
    MTS_RETURN_IF_ERROR(Fill(to));
    MTS_RETURN_IF_ERROR(to.AddText(kBackupMark, Mark()));
    MTS_RETURN_IF_ERROR(to.Sync());
    MTS_RETURN_IF_ERROR(Publish());
    result_.counts = to.counts();
    return result_;
  }

 private:
  absl::Status LookAtTarget() {
    earlier_ = options_.earlier;
    if (!earlier_.empty()) MTS_RETURN_IF_ERROR(CheckIsBackup(files_, earlier_));
    const absl::StatusOr<std::vector<std::string>> names = files_.List(target_);
    if (absl::IsNotFound(names.status())) return absl::OkStatus();
    MTS_RETURN_IF_ERROR(names.status());
    if (names->empty()) {
      target_is_empty_ = true;
      return absl::OkStatus();
    }
    const absl::Status is_backup = CheckIsBackup(files_, target_);
    if (absl::IsNotFound(is_backup)) {
      return absl::FailedPreconditionError(Concat(target_, " is neither empty nor a backup; name another directory"));
    }
    MTS_RETURN_IF_ERROR(is_backup);
    replaces_ = true;
    if (earlier_.empty()) earlier_ = target_;
    return absl::OkStatus();
  }

  // What an interrupted backup left goes; two at once are told apart by the lock.
  absl::Status PrepareStaging() {
    MTS_RETURN_IF_ERROR(files_.CreateDirectories(staging_));
    MTS_ASSIGN_OR_RETURN(lock_, files_.Lock(io::JoinPath(staging_, "LOCK")));
    MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(staging_));
    for (const std::string& name : names) {
      if (name == "LOCK") continue;
      const std::string path = io::JoinPath(staging_, name);
      if (!files_.Remove(path).ok()) MTS_RETURN_IF_ERROR(RemoveTree(files_, path));
    }
    return files_.CreateDirectories(io::JoinPath(staging_, "log"));
  }

  absl::Status Fill(BackupFiles& to) {
    LogBackup log(files_, LogDirectory(source_), to);
    MTS_RETURN_IF_ERROR(log.TakeCheckpoints());
    // Until retention took nothing while the end of the log was taken: so all that it took before is known there.
    for (int pass = 0; pass < kPasses; ++pass) {
      tail_payloads_ = tail_missing_ = 0;
      bool overtaken = false;
      MTS_RETURN_IF_ERROR(log.TakeSegments([&](const LogBackup::Taken& taken) -> absl::Status {
        MTS_ASSIGN_OR_RETURN(const bool all, TakePayloads(to, log, taken));
        overtaken |= !all;
        return absl::OkStatus();
      }));
      MTS_ASSIGN_OR_RETURN(const uint64_t dropped,
                           log.DropGone([&](const LogBackup::Taken& taken) { return DropPayloads(to, taken); }));
      if (dropped > 0 || overtaken) continue;
      result_.payload_files += tail_payloads_;
      result_.missing_payload_files += tail_missing_;
      result_.segments = log.segments();
      result_.last_sequence = log.last_sequence();
      return absl::OkStatus();
    }
    return absl::UnavailableError("retention removes faster than a backup can read; try again");
  }

  // False: retention removed the segment in the meantime.
  absl::StatusOr<bool> TakePayloads(BackupFiles& to, LogBackup& log, const LogBackup::Taken& taken) {
    uint64_t found = 0;
    uint64_t missing = 0;
    for (const PayloadReference& reference : taken.payloads) {
      if (!IsOurs(reference)) continue;
      MTS_ASSIGN_OR_RETURN(const bool there, TakePayload(to, reference));
      ++(there ? found : missing);
    }
    (taken.sealed ? result_.payload_files : tail_payloads_) += found;
    if (missing == 0) return true;
    MTS_ASSIGN_OR_RETURN(const bool gone, log.IsGone(taken.segment));
    if (!gone) (taken.sealed ? result_.missing_payload_files : tail_missing_) += missing;
    return !gone;
  }

  absl::Status DropPayloads(BackupFiles& to, const LogBackup::Taken& taken) {
    for (const PayloadReference& reference : taken.payloads) {
      if (!IsOurs(reference)) continue;
      absl::Status removed = files_.Remove(to.PathOf(NameOf(reference)));
      if (removed.ok()) --result_.payload_files;
      if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    }
    return absl::OkStatus();
  }

  static bool IsOurs(const PayloadReference& reference) {
    return reference.kind == PayloadKind::kStored && store::IsPayloadKey(reference.key);
  }
  // Below the data directory.
  std::string NameOf(const PayloadReference& reference) const {
    return source_payloads_.Kept(reference.key).substr(source_.size() + 1);
  }

  // False: the source does not have it.
  absl::StatusOr<bool> TakePayload(BackupFiles& to, const PayloadReference& reference) {
    const std::string kept = source_payloads_.Kept(reference.key);
    // It may be moving from incoming/ to its place just now.
    for (const std::string& path : {kept, source_payloads_.Incoming(reference.key), kept}) {
      absl::Status added = to.Add(path, NameOf(reference));
      if (added.ok()) return true;
      if (!absl::IsNotFound(added)) return added;
    }
    return false;
  }

  std::string Mark() const {
    const std::string time =
        absl::FormatTime(absl::RFC3339_sec, absl::FromUnixMicros(options_.clock->Now().value()), absl::UTCTimeZone());
    return Concat(kMarkTitle, "\nmade: ", time, "\nof: ", source_, "\nlast sequence: ", result_.last_sequence.value(),
                  "\n");
  }

  absl::Status Publish() {
    MTS_RETURN_IF_ERROR(files_.SyncDirectory(staging_));
    const std::string parent = io::ParentPath(target_);
    if (!replaces_) {
      if (target_is_empty_) MTS_RETURN_IF_ERROR(files_.RemoveDirectory(target_));
      MTS_RETURN_IF_ERROR(files_.Rename(staging_, target_));
      return files_.SyncDirectory(parent);
    }
    MTS_RETURN_IF_ERROR(files_.Exchange(staging_, target_));
    MTS_RETURN_IF_ERROR(files_.SyncDirectory(parent));
    MTS_RETURN_IF_ERROR(RemoveTree(files_, staging_));
    return files_.SyncDirectory(parent);
  }

  const BackupOptions& options_;
  io::FileSystem& files_;
  const std::string source_;
  const std::string target_;
  const std::string staging_;
  const store::PayloadPaths source_payloads_;
  std::string earlier_;
  bool target_is_empty_ = false;
  bool replaces_ = false;
  std::unique_ptr<io::DirectoryLock> lock_;
  // Of the end of the log, which may be taken several times.
  uint64_t tail_payloads_ = 0;
  uint64_t tail_missing_ = 0;
  BackupResult result_;
};

}  // namespace

absl::StatusOr<BackupResult> Backup(const BackupOptions& options) { return BackupRun(options).Run(); }

}  // namespace mts::maintenance
