// Reads the log of a data directory as recovery would, changes nothing, and says what cannot be read and what a repair
// has to do about it.
//
// Threading: one thread. Errors: FAILED_PRECONDITION for a version or record type from the future; those of the disk.
// Limits: memory is the state of a checkpoint and one segment's messages.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/checkpoint.h"
#include "log/recovery_survey.h"
#include "log/recovery_tail.h"
#include "log/state.h"
#include "maintenance/finding.h"
#include "maintenance/payload_examination.h"
#include "maintenance/progress_sink.h"
#include "maintenance/segment_examination.h"

namespace mts::maintenance {

// What is wrong with the log, as a repair needs it. Names are those of files in the log's directory.
struct LogFaults {
  std::vector<log::SegmentNumber> rewrite;  // have spots that cannot be read
  std::vector<log::SegmentNumber> fill;     // are missing; those that are no segments are in `aside` too
  std::vector<std::string> aside;           // damaged or foreign, made again or not needed
  bool recount = false;                     // the checkpoint counts what is not there
  bool any() const { return recount || !rewrite.empty() || !fill.empty() || !aside.empty(); }
};

class LogExamination {
 public:
  LogExamination(io::FileSystem& files, std::string directory, const ProgressSink& progress, Report& report)
      : files_(files), directory_(std::move(directory)), progress_(progress), report_(report) {}

  // `payload` gets every live message that has a payload file.
  absl::Status Run(NamedPayloadVisitor payload);

  const LogFaults& faults() const { return faults_; }
  const log::Survey& survey() const { return survey_; }
  const log::LogEnd& end() const { return end_; }
  // Of the checkpoint and what was logged since, without the messages.
  const log::State& state() const { return *state_; }
  // How far the log goes in segment `index` of the survey.
  SegmentExtent ExtentOf(size_t index) const;
  // That segment with its file open: those that the checkpoint contains are closed after a look.
  absl::StatusOr<log::SegmentFile> Opened(size_t index) const;

 private:
  absl::Status ExamineCheckpoints();
  absl::Status Look();
  // The state that follows the checkpoint.
  absl::Status ReplayState();
  void ReportSurvey();
  void ReportMissing();
  void ReportMissingFrom(log::SegmentNumber first, log::SegmentNumber end);
  void ReportTail();
  absl::Status ExamineSegments(NamedPayloadVisitor payload);
  absl::Status ExamineSegment(size_t index, NamedPayloadVisitor payload);
  void CompareWithCheckpoint(const log::SegmentFile& segment, const SegmentContents& contents);
  absl::Status ExamineTiers();
  void AddIndexFault(FindingKind kind, const std::string& name, const IndexFault& fault);
  std::string PathOf(const std::string& name) const { return io::JoinPath(directory_, name); }

  io::FileSystem& files_;
  const std::string directory_;
  const ProgressSink& progress_;
  Report& report_;

  std::unique_ptr<log::State> state_;
  std::optional<log::LoadedCheckpoint> checkpoint_;
  log::Survey survey_;
  log::LogEnd end_;
  LogFaults faults_;
};

}  // namespace mts::maintenance
