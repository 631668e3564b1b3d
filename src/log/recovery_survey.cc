#include "log/recovery_survey.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "log/segment_scanner.h"

namespace mts::log {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr std::string_view kSegmentMagic = "MTSSEG01";

// A file in use whose header cannot be read.
struct Unreadable {
  size_t index;  // in the survey's segments
  std::string why;
  bool foreign;  // not even the beginning of a header of ours
};

class Surveyor {
 public:
  Surveyor(io::FileSystem& files, const std::string& directory, SegmentNumber first_kept,
           const std::optional<LoadedCheckpoint>& checkpoint, const SurveyOptions& options)
      : files_(files), directory_(directory), first_kept_(first_kept), checkpoint_(checkpoint), options_(options) {}

  absl::StatusOr<Survey> Run() {
    MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(directory_));
    for (const std::string& name : names) Sort(name);
    RemoveOrphanedIndexes();
    CompareWithCheckpoint();
    MTS_RETURN_IF_ERROR(OpenAll());
    MTS_RETURN_IF_ERROR(JudgeUnreadable());
    return std::move(survey_);
  }

 private:
  void Sort(const std::string& name) {
    if (name.ends_with(kTemporarySuffix)) survey_.leftovers.push_back(name);
    if (const auto number = ParseIndexFileName(name)) indexes_.insert(*number);
    if (const auto number = ParseSegmentFileName(name)) AddSegment(*number, name);
    if (const auto number = ParseCheckpointFileName(name); number && *number > LoadedNumber()) {
      survey_.damage.push_back({{}, {io::JoinPath(directory_, name), 0, 0, "the checkpoint cannot be used"}});
    }
  }

  uint64_t LoadedNumber() const { return checkpoint_ ? checkpoint_->info.number : 0; }

  void AddSegment(SegmentNumber number, const std::string& name) {
    if (number < first_kept_) {
      survey_.leftovers.push_back(name);
      return;
    }
    SegmentFile segment;
    segment.number = number;
    segment.path = io::JoinPath(directory_, name);
    survey_.segments.push_back(std::move(segment));
  }

  void RemoveOrphanedIndexes() {
    for (SegmentFile& segment : survey_.segments) segment.has_index = indexes_.erase(segment.number) > 0;
    for (const SegmentNumber number : indexes_) survey_.leftovers.push_back(IndexFileName(number));
  }

  // Marks what the checkpoint contains, or asks for a recount when that is not what lies there.
  void CompareWithCheckpoint() {
    if (!checkpoint_) return;
    const LogPosition position = checkpoint_->info.position;
    size_t matched = 0;
    size_t expected = 0;
    for (const SegmentSummary& summary : checkpoint_->segments) {
      if (summary.number < first_kept_ || summary.number >= position.segment) continue;
      ++expected;
      // Both ascend: names are sorted.
      const auto found =
          std::lower_bound(survey_.segments.begin(), survey_.segments.end(), summary.number,
                           [](const SegmentFile& segment, SegmentNumber number) { return segment.number < number; });
      if (found == survey_.segments.end() || found->number != summary.number) continue;
      found->contained = summary;
      ++matched;
    }
    size_t before_position = 0;
    bool has_position = position.offset <= kSegmentHeaderBytes;
    for (const SegmentFile& segment : survey_.segments) {
      if (segment.number < position.segment) ++before_position;
      if (segment.number == position.segment) has_position = true;
    }
    survey_.recount = options_.recount || matched != expected || matched != before_position || !has_position;
  }

  absl::Status OpenAll() {
    for (size_t i = 0; i < survey_.segments.size(); ++i) {
      SegmentFile& segment = survey_.segments[i];
      if (segment.contained && !survey_.recount && !options_.open_all) continue;
      MTS_RETURN_IF_ERROR(ReadHeader(i));
    }
    // A header that is lost may hide messages that the checkpoint counted.
    const bool counted = std::any_of(unreadable_.begin(), unreadable_.end(), [this](const Unreadable& unreadable) {
      return checkpoint_ && survey_.segments[unreadable.index].number <= checkpoint_->info.position.segment;
    });
    if (!counted || survey_.recount) return absl::OkStatus();
    survey_.recount = true;
    unreadable_.clear();
    return OpenAll();
  }

  absl::Status ReadHeader(size_t index) {
    SegmentFile& segment = survey_.segments[index];
    MTS_RETURN_IF_ERROR(OpenForReading(files_, segment));
    std::string bytes(kSegmentHeaderBytes, '\0');
    MTS_ASSIGN_OR_RETURN(const size_t count, segment.file->ReadAt(0, absl::MakeSpan(bytes)));
    bytes.resize(count);
    const absl::StatusOr<SegmentHeader> header = DecodeSegmentHeader(bytes);
    if (absl::IsFailedPrecondition(header.status())) return WithContext(header.status(), segment.path);
    if (!header.ok()) {
      unreadable_.push_back({index, std::string(ToStd(header.status().message())), IsForeign(bytes)});
    } else if (header->number != segment.number) {
      unreadable_.push_back({index, Concat("its header says number ", header->number.value()), true});
    } else {
      segment.header = *header;
      // Only looked at; there may be more of them than files that may be open.
      if (segment.contained && !survey_.recount) segment.file = nullptr;
    }
    return absl::OkStatus();
  }

  // Not so for a header that was only begun: a part of our magic, then zeros.
  static bool IsForeign(const std::string& bytes) {
    size_t same = 0;
    while (same < kSegmentMagic.size() && same < bytes.size() && bytes[same] == kSegmentMagic[same]) ++same;
    if (same == kSegmentMagic.size()) return false;
    return std::any_of(bytes.begin() + static_cast<ptrdiff_t>(same),
                       bytes.begin() + static_cast<ptrdiff_t>(std::min(kSegmentMagic.size(), bytes.size())),
                       [](char c) { return c != '\0'; });
  }

  absl::Status JudgeUnreadable() {
    std::set<size_t> not_ours;
    for (const Unreadable& unreadable : unreadable_) {
      MTS_ASSIGN_OR_RETURN(const bool known, LearnIdentity(unreadable));
      if (!known) {
        not_ours.insert(unreadable.index);
        MTS_RETURN_IF_ERROR(JudgeUnknown(unreadable));
      }
    }
    std::vector<SegmentFile> ours;
    for (size_t i = 0; i < survey_.segments.size(); ++i) {
      if (!not_ours.contains(i)) ours.push_back(std::move(survey_.segments[i]));
    }
    survey_.segments = std::move(ours);
    return absl::OkStatus();
  }

  // From the checkpoint, or from a group that can only be of this segment.
  absl::StatusOr<bool> LearnIdentity(const Unreadable& unreadable) {
    SegmentFile& segment = survey_.segments[unreadable.index];
    segment.header = {};
    segment.header.number = segment.number;
    segment.header.capacity = segment.size;
    if (checkpoint_) {
      for (const SegmentSummary& summary : checkpoint_->segments) {
        if (summary.number != segment.number) continue;
        segment.header.identity = summary.identity;
        segment.header.first_sequence = summary.first;
      }
    }
    if (segment.header.identity == 0) {
      MTS_ASSIGN_OR_RETURN(const std::optional<GroupHeader> group, FindItsGroup(unreadable.index));
      if (!group) return false;
      segment.header.identity = group->identity;
      segment.header.opened = group->time;
      segment.header.first_group = group->number;
    }
    survey_.damage.push_back({segment.number,
                              {segment.path, 0, kSegmentHeaderBytes,
                               Concat("segment header: ", unreadable.why, "; its groups are readable")}});
    return true;
  }

  // Groups of an earlier life of the file have lower numbers than the segment before.
  absl::StatusOr<std::optional<GroupHeader>> FindItsGroup(size_t index) {
    GroupNumber above(0);
    GroupNumber below(UINT64_MAX);
    for (size_t i = 0; i < survey_.segments.size(); ++i) {
      const GroupNumber first = survey_.segments[i].header.first_group;
      if (first == GroupNumber(0)) continue;
      if (i < index) above = std::max(above, first);
      if (i > index) below = std::min(below, first);
    }
    const SegmentFile& segment = survey_.segments[index];
    return FindAnyGroup(*segment.file, segment.size, above, below);
  }

  absl::Status JudgeUnknown(const Unreadable& unreadable) {
    const SegmentFile& segment = survey_.segments[unreadable.index];
    const bool last = unreadable.index + 1 == survey_.segments.size();
    if (!last || (unreadable.foreign && !options_.refuse_foreign)) {
      survey_.damage.push_back(
          {segment.number, {segment.path, 0, segment.size, Concat("not readable as a segment: ", unreadable.why)}});
      survey_.unreadable.push_back(segment.number);
      return absl::OkStatus();
    }
    if (unreadable.foreign) {
      return absl::FailedPreconditionError(
          Concat(segment.path, ": ", unreadable.why, ". It is not a file of this log; move it away."));
    }
    // It was opened and never used.
    survey_.leftovers.push_back(SegmentFileName(segment.number));
    return absl::OkStatus();
  }

  io::FileSystem& files_;
  const std::string& directory_;
  const SegmentNumber first_kept_;
  const std::optional<LoadedCheckpoint>& checkpoint_;
  const SurveyOptions options_;
  Survey survey_;
  std::set<SegmentNumber> indexes_;
  std::vector<Unreadable> unreadable_;
};

}  // namespace

absl::Status OpenForReading(io::FileSystem& files, SegmentFile& segment) {
  MTS_ASSIGN_OR_RETURN(segment.file, files.Open(segment.path, io::OpenMode::kRead));
  MTS_ASSIGN_OR_RETURN(segment.size, segment.file->Size());
  return absl::OkStatus();
}

absl::StatusOr<Survey> SurveyDirectory(io::FileSystem& files, const std::string& directory, const TrimBody& trim,
                                       const std::optional<LoadedCheckpoint>& checkpoint,
                                       const SurveyOptions& options) {
  return Surveyor(files, directory, trim.first_segment, checkpoint, options).Run();
}

}  // namespace mts::log
