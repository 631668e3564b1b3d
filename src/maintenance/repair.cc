#include "maintenance/repair.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/identity.h"
#include "log/recovery.h"
#include "maintenance/kept_aside.h"
#include "maintenance/segment_rewrite.h"
#include "store/files/payload_files.h"

namespace mts::maintenance {
namespace {

constexpr uint64_t kMostSubjects = UINT32_MAX - 1;

class Repairing {
 public:
  Repairing(const DoctorOptions& options, const Examination& examination)
      : options_(options),
        files_(*options.files),
        directory_(LogDirectory(options.data_dir)),
        examination_(examination),
        faults_(examination.log().faults()),
        aside_(files_, options.data_dir, options.clock->Now()) {}

  absl::StatusOr<std::string> Run() {
    if (faults_.any()) MTS_RETURN_IF_ERROR(MendLog());
    for (const std::string& path : examination_.orphans().kept) MTS_RETURN_IF_ERROR(aside_.Move(path));
    return aside_.directory();
  }

 private:
  std::string PathOf(const std::string& name) const { return io::JoinPath(directory_, name); }

  absl::Status MendLog() {
    MTS_RETURN_IF_ERROR(KeepWhatWillChange());
    MTS_RETURN_IF_ERROR(MendSegments());
    for (const std::string& name : faults_.aside) {
      if (!log::ParseSegmentFileName(name)) MTS_RETURN_IF_ERROR(aside_.Move(PathOf(name)));
    }
    return RecoverAndCheckpoint();
  }

  // A recovery removes what it does not need, and seals the last segment by rewriting it.
  absl::Status KeepWhatWillChange() {
    const log::Survey& survey = examination_.log().survey();
    for (const std::string& name : survey.leftovers) MTS_RETURN_IF_ERROR(KeepIfThere(name));
    const size_t used = examination_.log().end().segments;
    for (size_t i = used == 0 ? 0 : used - 1; i < survey.segments.size(); ++i) {
      MTS_RETURN_IF_ERROR(KeepIfThere(log::SegmentFileName(survey.segments[i].number)));
    }
    MTS_ASSIGN_OR_RETURN(old_checkpoints_, log::ListCheckpoints(files_, directory_));
    for (const uint64_t number : old_checkpoints_) MTS_RETURN_IF_ERROR(KeepIfThere(log::CheckpointFileName(number)));
    for (const std::string& path : examination_.orphans().incoming) MTS_RETURN_IF_ERROR(aside_.Move(path));
    return aside_.directory().empty() ? absl::OkStatus() : aside_.Sync();
  }

  absl::Status KeepIfThere(const std::string& name) {
    const absl::Status kept = aside_.Keep(PathOf(name));
    return absl::IsNotFound(kept) ? absl::OkStatus() : kept;
  }

  // In order, because group numbers go on from one to the next.
  absl::Status MendSegments() {
    const std::vector<log::SegmentFile>& segments = examination_.log().survey().segments;
    LogPlace place;
    auto fill = faults_.fill.begin();
    for (size_t i = 0; i < examination_.log().end().segments; ++i) {
      for (; fill != faults_.fill.end() && *fill < segments[i].number; ++fill) {
        MTS_RETURN_IF_ERROR(Fill(*fill, place));
      }
      MTS_RETURN_IF_ERROR(Mend(i, place));
    }
    return files_.SyncDirectory(directory_);
  }

  absl::Status Fill(log::SegmentNumber number, LogPlace& place) {
    const std::string path = PathOf(log::SegmentFileName(number));
    MTS_ASSIGN_OR_RETURN(place, WriteEmptySegment(files_, number, place, path + ".tmp"));
    MTS_RETURN_IF_ERROR(aside_.Move(PathOf(log::IndexFileName(number))));
    return Replace(path);
  }

  absl::Status Mend(size_t index, LogPlace& place) {
    MTS_ASSIGN_OR_RETURN(const log::SegmentFile segment, examination_.log().Opened(index));
    SegmentExtent extent = examination_.log().ExtentOf(index);
    if (!std::binary_search(faults_.rewrite.begin(), faults_.rewrite.end(), segment.number)) {
      MTS_ASSIGN_OR_RETURN(place, PlaceBehind(segment, extent, place));
      return absl::OkStatus();
    }
    const log::LogPosition proven = examination_.log().end().proven;
    if (extent.ends_open && proven.segment == segment.number) extent.limit = std::max(extent.limit, proven.offset);
    MTS_ASSIGN_OR_RETURN(place, RewriteDamagedSegment(files_, segment, extent, place, segment.path + ".tmp"));
    MTS_RETURN_IF_ERROR(aside_.Move(PathOf(log::IndexFileName(segment.number))));
    return Replace(segment.path);
  }

  // Puts path.tmp in the place of what is kept aside.
  absl::Status Replace(const std::string& path) {
    absl::Status kept = aside_.Keep(path);
    if (!kept.ok() && !absl::IsNotFound(kept)) return kept;
    if (!aside_.directory().empty()) MTS_RETURN_IF_ERROR(aside_.Sync());
    return files_.Rename(path + ".tmp", path);
  }

  // As at a start of the server, but that everything is counted anew.
  absl::Status RecoverAndCheckpoint() {
    for (const std::string& name : faults_.aside) {
      const auto number = log::ParseSegmentFileName(name);
      const bool filled = number && std::binary_search(faults_.fill.begin(), faults_.fill.end(), *number);
      if (number && !filled) MTS_RETURN_IF_ERROR(aside_.Move(PathOf(name)));
    }
    log::State state(kMostSubjects, limits::kDeduplicationWindowMicros, limits::kMaxDeduplicationIds);
    log::SegmentSet::Options set_options;
    set_options.files = &files_;
    set_options.directory = directory_;
    set_options.catalogue = &state.catalogue;
    MTS_ASSIGN_OR_RETURN(const std::unique_ptr<log::SegmentSet> segments, log::SegmentSet::Create(set_options));
    MTS_ASSIGN_OR_RETURN(const log::RecoveryResult recovered,
                         log::Recover({&files_, directory_, options_.clock, /*recount=*/true}, state, *segments));
    segments->FinishIndexing();
    MTS_RETURN_IF_ERROR(KeepPayloads(recovered.references));
    const log::LogPosition end{recovered.next_segment, log::kSegmentHeaderBytes};
    MTS_RETURN_IF_ERROR(log::WriteCheckpoint(files_, directory_,
                                             log::TakeSnapshot(state, segments->Summaries(), end,
                                                               options_.clock->MonotonicMicros(), log::NewIdentity()))
                            .status());
    // The older ones count what is not there any more.
    for (const uint64_t number : old_checkpoints_) {
      absl::Status removed = files_.Remove(PathOf(log::CheckpointFileName(number)));
      if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    }
    return files_.SyncDirectory(directory_);
  }

  // The new checkpoint passes the references, so that the files have to be in their places before.
  absl::Status KeepPayloads(const std::vector<PayloadReference>& references) {
    store::PayloadFiles::Options file_options;
    file_options.files = &files_;
    file_options.directory = PayloadDirectory(options_.data_dir);
    MTS_ASSIGN_OR_RETURN(const std::unique_ptr<store::PayloadFiles> payloads,
                         store::PayloadFiles::Open(std::move(file_options)));
    return payloads->Recover(references);
  }

  const DoctorOptions& options_;
  io::FileSystem& files_;
  const std::string directory_;
  const Examination& examination_;
  const LogFaults& faults_;
  KeptAside aside_;
  std::vector<uint64_t> old_checkpoints_;
};

}  // namespace

absl::StatusOr<std::string> Repair(const DoctorOptions& options, const Examination& examination) {
  return Repairing(options, examination).Run();
}

}  // namespace mts::maintenance
