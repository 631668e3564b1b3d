#include "log/recovery.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "log/recovery_recount.h"
#include "log/recovery_replay.h"
#include "log/recovery_rewrite.h"
#include "log/recovery_survey.h"
#include "log/recovery_tail.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

class Recovery {
 public:
  Recovery(const RecoveryOptions& options, State& state, SegmentSet& segments)
      : files_(*options.files),
        directory_(options.directory),
        clock_(*options.clock),
        recount_(options.recount),
        state_(state),
        segments_(segments) {}

  absl::StatusOr<RecoveryResult> Run() {
    MTS_RETURN_IF_ERROR(Look());
    // Nothing was changed so far; from here on nothing is refused.
    MTS_RETURN_IF_ERROR(RemoveTemporaryFiles());
    Replay replay(state_, segments_, damage_, clock_.MonotonicMicros(), end_.last_time,
                  state_.deduplication.window_micros());
    for (size_t i = 0; i < end_.segments; ++i) MTS_RETURN_IF_ERROR(Take(i, replay));
    SkipReserved();
    ReportSurvey();
    ReportMissingSegments();
    MTS_RETURN_IF_ERROR(ApplyTrim());
    MTS_RETURN_IF_ERROR(RemoveLeftovers());
    FillResult(replay);
    return std::move(result_);
  }

 private:
  // Reads what is needed to know what will be done.
  absl::Status Look() {
    MTS_ASSIGN_OR_RETURN(checkpoint_, LoadCheckpoint(files_, directory_, clock_.MonotonicMicros(), state_));
    MTS_ASSIGN_OR_RETURN(survey_, SurveyDirectory(files_, directory_, state_.trim, checkpoint_, {.recount = recount_}));
    LogBegin begin;
    if (checkpoint_) {
      begin = {checkpoint_->info.position, GroupNumber(state_.next_group.value() - 1), state_.last_time};
    }
    position_ = begin.position;
    MTS_ASSIGN_OR_RETURN(end_, FindLogEnd(begin, survey_.segments));
    if (end_.cut_bytes > 0) {
      spdlog::warn("log: the torn tail is cut: {} bytes from {} at {} on", end_.cut_bytes,
                   SegmentFileName(end_.cut_at.segment), end_.cut_at.offset);
    }
    if (survey_.recount) {
      spdlog::warn("log: the segments are not those of the checkpoint; all messages are counted again");
      state_.catalogue.ForgetMessages();
    }
    // The ids of the checkpoint grew older until the log ended; the time since then does not count.
    if (checkpoint_) state_.deduplication.Age(end_.last_time.value() - state_.last_time.value());
    return absl::OkStatus();
  }

  // ---- Segments

  absl::Status Take(size_t index, Replay& replay) {
    SegmentFile& segment = survey_.segments[index];
    if (segment.contained && !survey_.recount) return Adopt(segment, replay);
    const bool last = index + 1 == end_.segments;
    ReportMissingBytes(segment);
    if (segment.number < position_.segment && segment.has_index && CountByIndex(segment)) return Adopt(segment, replay);
    const bool open = last && !end_.sealed;
    const uint64_t end = last ? end_.offset : segment.end;
    // The last one may be in the page cache only; an open one is copied when its seal is known.
    if (!open && LogPosition{segment.number, end} > end_.proven) {
      MTS_RETURN_IF_ERROR(RewriteSegment(files_, directory_, end, {}, segment));
    }

    Replay::Plan plan;
    plan.limit = last ? end : segment.size;
    plan.ends_open = open;
    plan.state_from = StateFrom(segment.number);
    segment.contained.reset();
    plan.catalogue_from = survey_.recount ? 0 : plan.state_from;
    plan.index = !open && !segment.has_index;
    MTS_ASSIGN_OR_RETURN(SegmentSummary summary, replay.Run(segment, plan));
    if (plan.index) return absl::OkStatus();
    if (open) {
      MTS_RETURN_IF_ERROR(SealLast(segment, summary));
    } else if (segments_.AdoptIndexed(summary).ok()) {
      return absl::OkStatus();
    }
    return Index(segment, replay);
  }

  // In a recount, a segment with an index need not be read. False when the index does not serve.
  bool CountByIndex(SegmentFile& segment) {
    const absl::StatusOr<SegmentSummary> summary = CountSegmentByIndex(
        files_, io::JoinPath(directory_, IndexFileName(segment.number)), segment.header.identity, state_.catalogue);
    if (summary.ok()) {
      segment.contained = *summary;
    } else {
      spdlog::warn("log: {} is read for its messages: {}", segment.path, summary.status().ToString());
    }
    return summary.ok();
  }

  void ReportMissingBytes(const SegmentFile& segment) {
    if (segment.number != end_.proven.segment || end_.proven.offset <= segment.size) return;
    damage_.Report(
        {segment.path, segment.size, end_.proven.offset - segment.size, "the file ends before what was durable"});
  }

  // A segment whose messages are counted already.
  absl::Status Adopt(SegmentFile& segment, Replay& replay) {
    const absl::Status adopted = segments_.AdoptIndexed(*segment.contained);
    if (adopted.ok()) return absl::OkStatus();
    spdlog::info("log: the index of {} is made again: {}", segment.path, adopted.ToString());
    MTS_RETURN_IF_ERROR(OpenForReading(files_, segment));
    segment.header.identity = segment.contained->identity;
    segment.end = segment.contained->end;
    return Index(segment, replay);
  }

  // For a segment whose records are applied already, or contained.
  absl::Status Index(const SegmentFile& segment, Replay& replay) {
    Replay::Plan plan;
    plan.limit = segment.size;
    plan.index = true;
    plan.report_damage = segment.contained.has_value();
    return replay.Run(segment, plan).status();
  }

  uint64_t StateFrom(SegmentNumber number) const {
    if (number < position_.segment) return Replay::kNothing;
    return number == position_.segment ? position_.offset : 0;
  }

  absl::Status SealLast(SegmentFile& segment, const SegmentSummary& summary) {
    SkipReserved();
    SealGroup seal;
    seal.identity = segment.header.identity;
    seal.position = {segment.number, end_.offset};
    // Greater than that of any group that was cut, so that what a crash leaves of them is known for what it is.
    seal.number = std::max(state_.next_group, end_.greatest_group.Next());
    seal.time = state_.last_time;
    seal.last_sequence = state_.last_sequence;
    seal.body = {summary.messages, summary.first, summary.last};
    MTS_RETURN_IF_ERROR(RemoveIfThere(IndexFileName(segment.number)));
    const std::string group = EncodeSealGroup(seal);
    MTS_RETURN_IF_ERROR(RewriteSegment(files_, directory_, end_.offset, group, segment));
    state_.next_group = seal.number.Next();
    end_.offset = seal.position.offset + group.size();
    end_.sealed = true;
    return absl::OkStatus();
  }

  // After an end that was not clean, sequences that may have been seen are not given again.
  void SkipReserved() {
    if (state_.reserved_through <= state_.last_sequence) return;
    spdlog::info("log: sequences {} to {} may have been used; numbering goes on behind them",
                 state_.last_sequence.value() + 1, state_.reserved_through.value());
    state_.last_sequence = state_.reserved_through;
  }

  // ---- Afterwards

  void ReportSurvey() {
    for (Survey::Damage& damage : survey_.damage) {
      // Of what was trimmed, nothing is missed.
      const bool trimmed = damage.segment != SegmentNumber(0) && damage.segment < state_.trim.first_segment;
      if (!trimmed) damage_.Report(std::move(damage.report));
    }
  }

  void ReportMissingSegments() {
    if (end_.segments == 0) return;
    // What the checkpoint contains may be trimmed since; what was to be replayed may not be missing.
    SegmentNumber expected = std::max(state_.trim.first_segment, SegmentNumber(1));
    if (checkpoint_ && survey_.segments.front().number >= position_.segment)
      expected = std::min(expected, position_.segment);
    for (size_t i = 0; i < end_.segments; ++i) {
      const SegmentNumber number = survey_.segments[i].number;
      while (std::binary_search(survey_.unreadable.begin(), survey_.unreadable.end(), expected))
        expected = expected.Next();
      if (number > expected) {
        damage_.Report(
            {io::JoinPath(directory_, SegmentFileName(expected)), 0, 0,
             Concat(number.value() - expected.value(), " segments are missing before ", SegmentFileName(number))});
      }
      expected = std::max(expected, number.Next());
    }
  }

  absl::Status RemoveTemporaryFiles() {
    for (const std::string& name : survey_.leftovers) {
      if (name.ends_with(".tmp")) MTS_RETURN_IF_ERROR(RemoveIfThere(name));
    }
    return absl::OkStatus();
  }

  absl::Status RemoveLeftovers() {
    for (const std::string& name : survey_.leftovers) {
      if (!name.ends_with(".tmp")) MTS_RETURN_IF_ERROR(RemoveIfThere(name));
    }
    // From the end, so that a crash leaves no gap.
    for (size_t i = survey_.segments.size(); i > end_.segments; --i) {
      MTS_RETURN_IF_ERROR(RemoveSegment(survey_.segments[i - 1].number));
    }
    return files_.SyncDirectory(directory_);
  }

  absl::Status RemoveSegment(SegmentNumber number) {
    MTS_RETURN_IF_ERROR(RemoveIfThere(SegmentFileName(number)));
    return RemoveIfThere(IndexFileName(number));
  }

  // The segment set tidies up behind itself too, at its own pace.
  absl::Status RemoveIfThere(const std::string& name) {
    const absl::Status status = files_.Remove(io::JoinPath(directory_, name));
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  }

  // Segments that a replayed record trimmed. Their files stay: the checkpoint counts their messages, so that another
  // start before the next checkpoint needs them.
  absl::Status ApplyTrim() {
    for (;;) {
      const std::optional<SegmentSummary> front = segments_.Front();
      if (!front || front->number >= state_.trim.first_segment) break;
      MTS_RETURN_IF_ERROR(segments_.DescribeFront(
          [this](const SegmentSet::SubjectTotal& total) {
            const std::optional<SubjectId> id = state_.catalogue.Find(total.subject);
            if (id) state_.catalogue.Removed(*id, total.messages, total.payload_bytes, state_.trim.first_sequence);
          },
          [](const SegmentSet::Location&) {}));
      segments_.RemoveFront();
      result_.trimmed.push_back(front->number);
    }
    return absl::OkStatus();
  }

  SegmentNumber NextSegment() const {
    SegmentNumber next = std::max({SegmentNumber(1), state_.trim.first_segment, position_.segment});
    if (position_.offset > kSegmentHeaderBytes) next = std::max(next, position_.segment.Next());
    if (end_.segments > 0) next = std::max(next, survey_.segments[end_.segments - 1].number.Next());
    // A file that stays although it could not be read keeps its number.
    return survey_.unreadable.empty() ? next : std::max(next, survey_.unreadable.back().Next());
  }

  void FillResult(Replay& replay) {
    state_.next_group = std::max(state_.next_group, end_.greatest_group.Next());
    result_.next_segment = NextSegment();
    if (checkpoint_) result_.checkpoint = checkpoint_->info;
    result_.durable_through = {result_.next_segment, 0};
    if (end_.segments > 0) result_.durable_through = {survey_.segments[end_.segments - 1].number, end_.offset};
    result_.damaged_spots = damage_.count();
    result_.damage = damage_.TakeReports();
    result_.cut_bytes = end_.cut_bytes;
    result_.replayed_bytes = replay.replayed_bytes();
    result_.references = replay.TakeReferences();
    spdlog::info(
        "log: {} segments, {} messages; {} bytes replayed from segment {} at {} on, {} payload files named there",
        segments_.segment_count(), state_.catalogue.messages(), result_.replayed_bytes, position_.segment.value(),
        position_.offset, result_.references.size());
  }

  io::FileSystem& files_;
  const std::string& directory_;
  const Clock& clock_;
  const bool recount_;
  State& state_;
  SegmentSet& segments_;

  std::optional<LoadedCheckpoint> checkpoint_;
  LogPosition position_;  // of the checkpoint: what is before it is in the state
  Survey survey_;
  LogEnd end_;
  DamageCollector damage_;
  RecoveryResult result_;
};

}  // namespace

absl::StatusOr<RecoveryResult> Recover(const RecoveryOptions& options, State& state, SegmentSet& segments) {
  return Recovery(options, state, segments).Run();
}

}  // namespace mts::log
