// What lies in the log's directory, looked at before anything is changed: which files are segments and whose, what is
// left over, what is missing.
//
// Threading: one thread. Errors: FAILED_PRECONDITION for a segment of a version from the future, or when the last
// segment is a file of somebody else; those of the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/checkpoint.h"
#include "log/damage.h"
#include "log/format.h"
#include "log/segment_set.h"

namespace mts::log {

struct SegmentFile {
  SegmentNumber number;
  std::string path;
  bool has_index = false;                   // an .index file lies beside it
  std::optional<SegmentSummary> contained;  // its messages are all in the checkpoint
  // Not opened when contained.
  std::shared_ptr<io::File> file;
  uint64_t size = 0;
  SegmentHeader header;  // first_group 0: not known

  // Found by FindLogEnd (recovery_tail.h); not for those that are contained.
  uint64_t end = kSegmentHeaderBytes;  // behind its last group with a valid header
  bool sealed = false;                 // the last record there is a seal
  bool has_groups() const { return end > kSegmentHeaderBytes; }
};

struct Survey {
  std::vector<SegmentFile> segments;   // those of the log, ascending
  std::vector<std::string> leftovers;  // names that no one needs
  struct Damage {
    SegmentNumber segment;  // 0: of another file
    DamageReport report;
  };
  std::vector<Damage> damage;
  std::vector<SegmentNumber> unreadable;  // files that stay although they cannot be read, ascending
  // What the checkpoint counted is not what there is: all segments need to be counted again.
  bool recount = false;
};

struct SurveyOptions {
  bool recount = false;        // as if the segments were not those that the checkpoint counted
  bool open_all = false;       // reads the headers of those that the checkpoint contains too
  bool refuse_foreign = true;  // else a foreign file in place of the last segment is damage
};

// `trim` and `checkpoint` as they were loaded.
absl::StatusOr<Survey> SurveyDirectory(io::FileSystem& files, const std::string& directory, const TrimBody& trim,
                                       const std::optional<LoadedCheckpoint>& checkpoint,
                                       const SurveyOptions& options = {});

// Opens the file and reads its size.
absl::Status OpenForReading(io::FileSystem& files, SegmentFile& segment);

}  // namespace mts::log
