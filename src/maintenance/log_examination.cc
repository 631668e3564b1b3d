#include "maintenance/log_examination.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/index_format.h"
#include "log/recovery_replay.h"

namespace mts::maintenance {
namespace {

// The server's bound may have been raised; this one only keeps ids within their 32 bits.
constexpr uint64_t kMostSubjects = UINT32_MAX - 1;
constexpr uint64_t kMostMissing = 100'000;

// A replay that tells of positions, trims and removals only; it never meets the segments' indexes.
class NoSegments : public log::SegmentSet {
 public:
  absl::Status AdoptIndexed(const log::SegmentSummary&) override { return absl::NotFoundError("not indexed"); }
  void OpenSegment(log::SegmentNumber, uint64_t, std::shared_ptr<io::File>) override {}
  void Add(absl::Span<const log::VisibleMessage>, Timestamp) override {}
  void Seal(uint64_t) override {}
  absl::Status DescribeFront(absl::FunctionRef<void(const SubjectTotal&)>,
                             absl::FunctionRef<void(const Location&)>) override {
    return absl::FailedPreconditionError("no segment");
  }
  std::shared_ptr<io::File> RemoveFront() override { return nullptr; }
  std::vector<log::SegmentSummary> Summaries() const override { return {}; }
  std::optional<log::SegmentSummary> Front() const override { return std::nullopt; }
  uint64_t segment_count() const override { return 0; }
  void FinishIndexing() override {}
  absl::StatusOr<Found> Find(const Pattern&, Sequence, Sequence, uint32_t) override { return Found{}; }
  absl::StatusOr<Location> FindOne(Sequence) override { return absl::NotFoundError("no segment"); }
  absl::StatusOr<uint64_t> CountAfter(const Pattern&, Sequence) override { return 0; }
  uint64_t damaged_indexes() const override { return 0; }
};

}  // namespace

absl::Status LogExamination::Run(NamedPayloadVisitor payload) {
  MTS_RETURN_IF_ERROR(ExamineCheckpoints());
  MTS_RETURN_IF_ERROR(Look());
  MTS_RETURN_IF_ERROR(ReplayState());
  ReportSurvey();
  ReportMissing();
  MTS_RETURN_IF_ERROR(ExamineSegments(payload));
  ReportTail();
  return ExamineTiers();
}

// ---- Looking as recovery does

absl::Status LogExamination::ExamineCheckpoints() {
  MTS_ASSIGN_OR_RETURN(const std::vector<uint64_t> numbers, log::ListCheckpoints(files_, directory_));
  for (const uint64_t number : numbers) {
    const std::string name = log::CheckpointFileName(number);
    uint64_t offset = 0;
    const absl::Status status = log::VerifyCheckpoint(files_, directory_, number, offset);
    if (!status.ok() && !absl::IsDataLoss(status)) return WithContext(status, PathOf(name));
    ++report_.examined.checkpoints;
    if (status.ok()) continue;
    Finding finding;
    finding.kind = FindingKind::kCheckpoint;
    finding.file = PathOf(name);
    finding.offset = offset;
    finding.what = std::string(ToStd(status.message()));
    report_.Add(std::move(finding));
    faults_.aside.push_back(name);
  }
  return absl::OkStatus();
}

absl::Status LogExamination::Look() {
  state_ =
      std::make_unique<log::State>(kMostSubjects, limits::kDeduplicationWindowMicros, limits::kMaxDeduplicationIds);
  MTS_ASSIGN_OR_RETURN(checkpoint_, log::LoadCheckpoint(files_, directory_, 0, *state_));
  MTS_ASSIGN_OR_RETURN(survey_, log::SurveyDirectory(files_, directory_, state_->trim, checkpoint_,
                                                     {.open_all = true, .refuse_foreign = false}));
  log::LogBegin begin;
  if (checkpoint_) {
    begin = {checkpoint_->info.position, log::GroupNumber(state_->next_group.value() - 1), state_->last_time};
  }
  MTS_ASSIGN_OR_RETURN(end_, log::FindLogEnd(begin, survey_.segments));
  uint64_t bytes = 0;
  for (const log::SegmentFile& segment : survey_.segments) bytes += segment.size;
  progress_.total(bytes);
  report_.examined.bytes = bytes;
  return absl::OkStatus();
}

SegmentExtent LogExamination::ExtentOf(size_t index) const {
  const log::SegmentFile& segment = survey_.segments[index];
  const bool last = index + 1 == end_.segments;
  return {last ? std::max(end_.offset, log::kSegmentHeaderBytes) : segment.size, last && !end_.sealed};
}

absl::StatusOr<log::SegmentFile> LogExamination::Opened(size_t index) const {
  log::SegmentFile segment = survey_.segments[index];
  if (segment.file == nullptr) MTS_RETURN_IF_ERROR(log::OpenForReading(files_, segment));
  return segment;
}

absl::Status LogExamination::ReplayState() {
  NoSegments segments;
  log::DamageCollector ignored;
  log::Replay replay(*state_, segments, ignored, 0, end_.last_time, limits::kDeduplicationWindowMicros);
  const log::LogPosition from = checkpoint_ ? checkpoint_->info.position : log::LogPosition{};
  for (size_t i = 0; i < end_.segments; ++i) {
    const log::SegmentFile& segment = survey_.segments[i];
    if (segment.number < from.segment) continue;
    const SegmentExtent extent = ExtentOf(i);
    log::Replay::Plan plan;
    plan.limit = extent.limit;
    plan.ends_open = extent.ends_open;
    plan.state_from = segment.number == from.segment ? from.offset : 0;
    plan.report_damage = false;
    MTS_RETURN_IF_ERROR(replay.Run(segment, plan).status());
  }
  report_.examined.last_sequence = state_->last_sequence;
  return absl::OkStatus();
}

// ---- Segments

void LogExamination::ReportSurvey() {
  for (const log::Survey::Damage& damage : survey_.damage) {
    if (damage.segment == log::SegmentNumber(0) || damage.segment < state_->trim.first_segment) continue;
    const bool whole = std::binary_search(survey_.unreadable.begin(), survey_.unreadable.end(), damage.segment);
    const bool foreign = whole && (survey_.segments.empty() || damage.segment > survey_.segments.back().number);
    Finding finding;
    finding.kind = foreign ? FindingKind::kForeign : whole ? FindingKind::kMissing : FindingKind::kSegment;
    finding.file = damage.report.file;
    finding.offset = damage.report.offset;
    finding.bytes = damage.report.bytes;
    finding.what = damage.report.what;
    const std::string index = PathOf(log::IndexFileName(damage.segment));
    const auto fault = ExamineIndexFile(files_, index);
    if (whole && fault.ok() && !*fault) {
      const auto messages = IndexedMessages(files_, index, [](uint64_t) { return true; });
      if (messages.ok()) {
        for (const IndexedMessage& message : *messages) finding.Touch(message.subject, message.sequence);
      }
    }
    report_.Add(std::move(finding));
    if (!whole) {
      faults_.rewrite.push_back(damage.segment);
      continue;
    }
    faults_.aside.push_back(log::SegmentFileName(damage.segment));
    if (!foreign) faults_.fill.push_back(damage.segment);
  }
  for (const std::string& name : survey_.leftovers) {
    Finding finding;
    finding.kind = FindingKind::kLeftover;
    finding.damage = false;
    finding.file = PathOf(name);
    finding.what = "no one needs it; the next start removes it";
    report_.Add(std::move(finding));
  }
}

void LogExamination::ReportMissing() {
  if (end_.segments == 0) return;
  log::SegmentNumber expected = std::max(state_->trim.first_segment, log::SegmentNumber(1));
  for (size_t i = 0; i < end_.segments; ++i) {
    const log::SegmentNumber number = survey_.segments[i].number;
    while (std::binary_search(survey_.unreadable.begin(), survey_.unreadable.end(), expected)) {
      expected = expected.Next();
    }
    if (number > expected) ReportMissingFrom(expected, number);
    expected = std::max(expected, number.Next());
  }
}

void LogExamination::ReportMissingFrom(log::SegmentNumber first, log::SegmentNumber end) {
  uint64_t count = 0;
  for (log::SegmentNumber number = first; number < end && count < kMostMissing; number = number.Next()) {
    if (std::binary_search(survey_.unreadable.begin(), survey_.unreadable.end(), number)) continue;
    ++count;
    faults_.fill.push_back(number);
    Finding finding;
    finding.kind = FindingKind::kMissing;
    finding.file = PathOf(log::SegmentFileName(number));
    finding.what = "the segment is missing";
    const std::string index = PathOf(log::IndexFileName(number));
    const auto messages = IndexedMessages(files_, index, [](uint64_t) { return true; });
    if (messages.ok()) {
      for (const IndexedMessage& message : *messages) finding.Touch(message.subject, message.sequence);
    }
    report_.Add(std::move(finding));
  }
}

void LogExamination::ReportTail() {
  if (end_.cut_bytes > 0) {
    Finding finding;
    finding.kind = FindingKind::kTail;
    finding.damage = false;
    finding.file = PathOf(log::SegmentFileName(end_.cut_at.segment));
    finding.offset = end_.cut_at.offset;
    finding.bytes = end_.cut_bytes;
    finding.what = "the last write before a crash is not whole; the next start cuts it off";
    report_.Add(std::move(finding));
  }
}

absl::Status LogExamination::ExamineSegments(NamedPayloadVisitor payload) {
  for (size_t i = 0; i < end_.segments; ++i) {
    if (survey_.segments[i].number < state_->trim.first_segment) continue;
    MTS_RETURN_IF_ERROR(ExamineSegment(i, payload));
  }
  std::sort(faults_.rewrite.begin(), faults_.rewrite.end());
  faults_.rewrite.erase(std::unique(faults_.rewrite.begin(), faults_.rewrite.end()), faults_.rewrite.end());
  std::sort(faults_.fill.begin(), faults_.fill.end());
  return absl::OkStatus();
}

absl::Status LogExamination::ExamineSegment(size_t index, NamedPayloadVisitor payload) {
  MTS_ASSIGN_OR_RETURN(const log::SegmentFile segment, Opened(index));
  MTS_ASSIGN_OR_RETURN(SegmentContents contents, ReadSegment(segment, ExtentOf(index), payload, progress_));
  if (segment.number == end_.proven.segment && end_.proven.offset > segment.size) {
    contents.spots.push_back(
        {segment.size, end_.proven.offset - segment.size, "the file ends before what was durable"});
  }
  ++report_.examined.segments;
  report_.examined.records += contents.records;
  report_.examined.messages += contents.messages.size();

  std::string usable_index;
  if (segment.has_index) {
    const std::string name = log::IndexFileName(segment.number);
    MTS_ASSIGN_OR_RETURN(const std::optional<IndexFault> fault, ExamineIndex(files_, PathOf(name), contents));
    ++report_.examined.indexes;
    if (fault) {
      AddIndexFault(FindingKind::kIndex, name, *fault);
    } else {
      usable_index = PathOf(name);
    }
  }
  MTS_ASSIGN_OR_RETURN(std::vector<Finding> findings, DescribeSpots(files_, segment, contents, usable_index));
  if (!findings.empty()) faults_.rewrite.push_back(segment.number);
  for (Finding& finding : findings) report_.Add(std::move(finding));
  if (findings.empty()) CompareWithCheckpoint(segment, contents);
  return absl::OkStatus();
}

void LogExamination::CompareWithCheckpoint(const log::SegmentFile& segment, const SegmentContents& contents) {
  if (!segment.contained) return;
  const log::SegmentSummary& counted = *segment.contained;
  const log::SegmentSummary& found = contents.summary;
  if (counted.identity == found.identity && counted.messages == found.messages && counted.last == found.last &&
      counted.end == found.end) {
    return;
  }
  Finding finding;
  finding.kind = FindingKind::kCheckpoint;
  finding.file = segment.path;
  finding.what = Concat("the newest checkpoint counted another segment of this number: ", counted.messages,
                        " messages up to sequence ", counted.last.value(), ", there are ", found.messages, " up to ",
                        found.last.value());
  report_.Add(std::move(finding));
  faults_.recount = true;
}

// ---- Indexes

void LogExamination::AddIndexFault(FindingKind kind, const std::string& name, const IndexFault& fault) {
  Finding finding;
  finding.kind = kind;
  finding.file = PathOf(name);
  finding.offset = fault.offset;
  finding.what = fault.what;
  report_.Add(std::move(finding));
  faults_.aside.push_back(name);
}

absl::Status LogExamination::ExamineTiers() {
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(directory_));
  for (const std::string& name : names) {
    if (!log::IsTierFileName(name)) continue;
    MTS_RETURN_IF_ERROR(progress_.advance(0, name));
    MTS_ASSIGN_OR_RETURN(const std::optional<IndexFault> fault, ExamineIndexFile(files_, PathOf(name)));
    ++report_.examined.tiers;
    if (fault) AddIndexFault(FindingKind::kTier, name, *fault);
  }
  return absl::OkStatus();
}

}  // namespace mts::maintenance
