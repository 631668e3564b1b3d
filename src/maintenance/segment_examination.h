// Reads one segment from its beginning to its end: every readable record is handed on, every spot that cannot be read
// is noted, and the segment's index is compared with what was read.
//
// Threading: one thread. Errors: those of the disk; damage is a finding. Limits: memory is one group, 24 bytes a
// message of the segment and its subjects.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/recovery_survey.h"
#include "log/segment_scanner.h"
#include "log/segment_set.h"
#include "maintenance/finding.h"
#include "maintenance/progress_sink.h"

namespace mts::maintenance {

// How far the log goes in a segment (log/recovery_tail.h).
struct SegmentExtent {
  uint64_t limit = 0;
  bool ends_open = false;  // no seal is expected
};

struct SegmentSpot {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  std::string what;
};

struct SegmentContents {
  struct Message {
    Sequence sequence;
    uint32_t offset8 = 0;
  };
  struct Total {
    uint64_t messages = 0;
    uint64_t payload_bytes = 0;
  };
  log::SegmentSummary summary;  // of what could be read
  std::vector<Message> messages;
  std::map<std::string, Total, std::less<>> subjects;
  std::vector<SegmentSpot> spots;
  uint64_t records = 0;
};

// A message with a payload file.
struct NamedPayload {
  std::string_view subject;
  Sequence sequence;
  const PayloadReference& reference;
  log::LogPosition position;  // of its record
};
using NamedPayloadVisitor = absl::FunctionRef<absl::Status(const NamedPayload&)>;

absl::StatusOr<SegmentContents> ReadSegment(const log::SegmentFile& segment, const SegmentExtent& extent,
                                            NamedPayloadVisitor payload, const ProgressSink& progress);

// Looks at the index beside the segment. Nothing: it is right; else what is wrong with it, and at which offset.
struct IndexFault {
  uint64_t offset = 0;
  std::string what;
};
absl::StatusOr<std::optional<IndexFault>> ExamineIndex(io::FileSystem& files, const std::string& path,
                                                       const SegmentContents& contents);

// One finding for each spot, with the messages that lay there: by the index when it is usable (`index_path`, else
// empty), by the record's header, or by the sequences that are missing.
absl::StatusOr<std::vector<Finding>> DescribeSpots(io::FileSystem& files, const log::SegmentFile& segment,
                                                   const SegmentContents& contents, const std::string& index_path);

// The messages that an index names and whose offset `wanted` takes, in order. Beyond kMaxResolvedSubjects of them
// subjects are left empty.
inline constexpr size_t kMaxResolvedSubjects = 100'000;
struct IndexedMessage {
  uint64_t offset = 0;  // of the record
  Sequence sequence;
  std::string subject;
};
absl::StatusOr<std::vector<IndexedMessage>> IndexedMessages(io::FileSystem& files, const std::string& index_path,
                                                            absl::FunctionRef<bool(uint64_t offset)> wanted);

// Every page of an index or tier, then its structure.
absl::StatusOr<std::optional<IndexFault>> ExamineIndexFile(io::FileSystem& files, const std::string& path);

}  // namespace mts::maintenance
