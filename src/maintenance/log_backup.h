// The log's part of a backup: links sealed segments, copies the active one's groups up to now, and names the payload
// files.
//
// Threading: one thread, beside a running server. Errors: those of the disk.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/format.h"
#include "log/segment_scanner.h"
#include "maintenance/backup_files.h"
#include "model/payload.h"

namespace mts::maintenance {

class LogBackup {
 public:
  LogBackup(io::FileSystem& files, std::string source_log, BackupFiles& to)
      : files_(files), source_(std::move(source_log)), to_(to) {}

  // The checkpoints of now. Comes first, so that none lies beyond what TakeSegments takes.
  absl::Status TakeCheckpoints();

  struct Taken {
    log::SegmentNumber segment;
    bool sealed = false;
    std::vector<PayloadReference> payloads;
  };
  // Takes what was not taken yet, in order, and tells of each. The end of the log comes last; called again, it is taken
  // anew. What retention removes in the meantime is left out: its trim lies before the end that is taken.
  absl::Status TakeSegments(absl::FunctionRef<absl::Status(const Taken&)> taken);

  // Takes back those sealed segments that retention removed from the source since, and tells of each: their trim is in
  // the log, and perhaps that their payload files are gone. Answers how many.
  absl::StatusOr<uint64_t> DropGone(absl::FunctionRef<absl::Status(const Taken&)> dropped);
  // True when retention took the segment out of the source.
  absl::StatusOr<bool> IsGone(log::SegmentNumber number);
  uint64_t segments() const { return sealed_.size() + (has_tail_ ? 1 : 0); }
  Sequence last_sequence() const { return last_sequence_; }

 private:
  enum class Outcome { kSealed, kTail, kGone };

  absl::StatusOr<std::vector<log::SegmentNumber>> NumbersLeft();
  absl::StatusOr<Outcome> Take(log::SegmentNumber number, Taken& taken);
  // In that log directory, ours or the source's. False: there is no index that serves.
  absl::StatusOr<bool> PayloadsByIndex(const std::string& directory, log::SegmentNumber number, Taken& taken);
  // Reads it as far as it is whole; past damage only when the log is known to go on behind this segment.
  struct Scan {
    uint64_t identity = 0;
    uint64_t end = log::kSegmentHeaderBytes;
    bool sealed = false;
  };
  absl::StatusOr<Scan> ScanSegment(io::File& file, bool followed, Taken& taken);
  absl::StatusOr<bool> ScanGroup(log::SegmentScanner& scanner, const log::ScannedGroup& group, Taken& taken);
  absl::StatusOr<Outcome> TakeWhole(log::SegmentNumber number);
  absl::StatusOr<Outcome> TakeTail(io::File& file, log::SegmentNumber number, const Scan& scan);
  absl::StatusOr<bool> IsFollowed(log::SegmentNumber number);
  // Takes back what was taken of it.
  absl::Status Drop(log::SegmentNumber number);
  std::string SourcePath(const std::string& name) const { return io::JoinPath(source_, name); }

  io::FileSystem& files_;
  const std::string source_;
  BackupFiles& to_;
  std::set<log::SegmentNumber> sealed_;
  std::set<log::SegmentNumber> gone_;
  bool has_tail_ = false;
  Sequence last_sequence_;
};

}  // namespace mts::maintenance
