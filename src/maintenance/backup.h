// A backup of a data directory, also of one that a server is using and writing to, and its way back. No word is spoken
// with the server: the rules of the format are enough (docs/decisions/004-backup-from-the-file-system.md).
//
// A backup is a data directory with a file BACKUP that says when and of what it was made. It holds a prefix of the log,
// the payload files that this names, and with them the consumers' positions. It stands under its name only when it is
// whole and on disk.
//
// Threading: one thread; the server may do what it likes meanwhile, be killed and started again too. Errors:
// FAILED_PRECONDITION for a target that is something else, NOT_FOUND for a source that is no data directory, those of
// the disk.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "io/file_system.h"
#include "maintenance/backup_files.h"
#include "maintenance/progress_sink.h"
#include "model/sequence.h"

namespace mts::maintenance {

struct BackupOptions {
  io::FileSystem* files = nullptr;
  std::string source;  // backup: the data directory; restore: the backup
  std::string target;
  std::string earlier;    // of a backup: an earlier one that files are taken over from; empty: the one at `target`
  bool copy_all = false;  // else files are linked where source and target lie on one file system
  const Clock* clock = nullptr;
  ProgressSink progress;
};

struct BackupResult {
  CopyCounts counts;
  uint64_t segments = 0;
  uint64_t payload_files = 0;
  uint64_t missing_payload_files = 0;  // that the source does not have either
  Sequence last_sequence;
};

// A backup that `target` holds already is replaced in one step.
absl::StatusOr<BackupResult> Backup(const BackupOptions& options);
// `target` must be empty or not there.
absl::StatusOr<CopyCounts> Restore(const BackupOptions& options);

inline constexpr char kBackupMark[] = "BACKUP";

}  // namespace mts::maintenance
