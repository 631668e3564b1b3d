#include "log/recovery_tail.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "log/segment_scanner.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

void IgnoreDamage(uint64_t, uint64_t, std::string_view) {}

class EndFinder {
 public:
  EndFinder(const LogBegin& begin, std::vector<SegmentFile>& segments) : begin_(begin), segments_(segments) {
    end_.proven = begin.position;
    end_.greatest_group = begin.greatest_group;
    end_.last_time = begin.last_time;
  }

  absl::StatusOr<LogEnd> Run() {
    end_.segments = segments_.size();
    for (size_t i = 0; i < end_.segments; ++i) {
      if (segments_[i].number < begin_.position.segment) continue;
      if (IsLeftOfCut(segments_[i])) {
        end_.segments = i;
        break;
      }
      MTS_RETURN_IF_ERROR(Walk(segments_[i]));
    }
    MTS_RETURN_IF_ERROR(FindCut());
    DropEmptySegments();
    return end_;
  }

 private:
  // A recovery that cut the log seals it with a greater group number than any in the cut part.
  bool IsLeftOfCut(const SegmentFile& segment) const {
    return segment.number > begin_.position.segment && segment.header.first_group != GroupNumber(0) &&
           segment.header.first_group <= end_.greatest_group;
  }

  // Looks at every valid header: what the groups prove, and whether all record types are known.
  absl::Status Walk(SegmentFile& segment) {
    SegmentScanner scanner(*segment.file, segment.header.identity, kSegmentHeaderBytes, segment.size);
    for (;;) {
      MTS_ASSIGN_OR_RETURN(const std::optional<ScannedGroup> group, scanner.Next());
      if (!group) return absl::OkStatus();
      if (!group->has_header) continue;
      const GroupHeader& header = group->header;
      end_.proven = std::max(end_.proven, header.synced_through);
      end_.greatest_group = std::max(end_.greatest_group, header.number);
      end_.last_time = std::max(end_.last_time, header.time);
      segment.end = group->end();
      MTS_RETURN_IF_ERROR(LookAtRecords(scanner, *group, segment));
      if (segment.sealed) return absl::OkStatus();
    }
  }

  absl::Status LookAtRecords(SegmentScanner& scanner, const ScannedGroup& group, SegmentFile& segment) {
    MTS_ASSIGN_OR_RETURN(const std::string_view bytes, scanner.Records(group));
    RecordScanner records(bytes, segment.header.identity, group.records_offset, RecordScanner::Bodies::kTrust);
    while (const std::optional<ScannedRecord> record = records.Next(IgnoreDamage)) {
      const auto type = static_cast<uint8_t>(record->header.type);
      if (!IsKnownRecordType(type) && (record->header.flags & kRecordSkippable) == 0) {
        return absl::FailedPreconditionError(Concat(segment.path, ": the record at ", record->offset, " has type ",
                                                    int{type}, ", which this program does not know. Use a newer one."));
      }
      segment.sealed = record->header.type == RecordType::kSeal;
    }
    return absl::OkStatus();
  }

  // Goes on behind what is proven: the first spot there that is not whole ends the log.
  absl::Status FindCut() {
    size_t i = 0;
    while (i < end_.segments && segments_[i].number < end_.proven.segment) ++i;
    if (i == end_.segments) {
      EndWithProven();
      return absl::OkStatus();
    }
    for (; i < end_.segments; ++i) {
      if (IsBehindGap(i)) {
        CutSegmentsFrom(i);
        if (end_.segments > 0) EndWithProven();
        return absl::OkStatus();
      }
      MTS_ASSIGN_OR_RETURN(const bool whole, ReadUnproven(segments_[i]));
      if (whole && (end_.sealed || SealIsDamaged(i))) continue;
      CutSegmentsFrom(i + 1);
      return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  // True when a segment that should lie before this one is missing and nothing proves that there was one.
  bool IsBehindGap(size_t i) const {
    SegmentNumber expected = end_.proven.segment;
    // That one is proven to have been there: it is missing, which is damage, and the log goes on behind it.
    if (end_.proven.offset > kSegmentHeaderBytes) expected = expected.Next();
    if (i > 0) expected = std::max(expected, segments_[i - 1].number.Next());
    const bool any_known = i > 0 || end_.proven.segment != SegmentNumber(0);
    return any_known && segments_[i].number > expected;
  }

  // Sets offset and sealed to where the whole groups of the segment end; false when something else follows.
  absl::StatusOr<bool> ReadUnproven(const SegmentFile& segment) {
    uint64_t from = kSegmentHeaderBytes;
    if (segment.number == end_.proven.segment) from = std::max(from, ProvenIn(segment));
    // Walk saw that no valid header follows behind `end`.
    SegmentScanner scanner(*segment.file, segment.header.identity, from, std::max(segment.end, from));
    for (;;) {
      const uint64_t at = scanner.position();
      end_.offset = at;
      MTS_ASSIGN_OR_RETURN(const std::optional<ScannedGroup> group, scanner.Next());
      if (!group) break;
      MTS_ASSIGN_OR_RETURN(const bool whole, scanner.IsWhole(*group));
      if (whole) continue;
      end_.sealed = false;
      Cut({segment.number, at}, std::max(segment.end, group->end()) - at);
      return false;
    }
    end_.sealed = segment.sealed && end_.offset >= segment.end;
    if (!end_.sealed) MTS_RETURN_IF_ERROR(CountTornHeader(segment));
    return true;
  }

  // True when the segment's end is proven and cannot be read, and the log went on in the next segment.
  bool SealIsDamaged(size_t i) const {
    const SegmentFile& segment = segments_[i];
    return segment.number == end_.proven.segment && ProvenIn(segment) > segment.end && i + 1 < end_.segments &&
           segments_[i + 1].number == segment.number.Next() && segments_[i + 1].has_groups();
  }

  // A group of which not even the header came through whole.
  absl::Status CountTornHeader(const SegmentFile& segment) {
    char bytes[kGroupHeaderBytes];
    MTS_ASSIGN_OR_RETURN(const size_t count, segment.file->ReadAt(end_.offset, absl::MakeSpan(bytes)));
    constexpr size_t kIdentityOffset = 8;
    constexpr size_t kThroughIdentity = kIdentityOffset + sizeof(uint64_t);
    if (count < kThroughIdentity || std::string_view(bytes, 4) != "MTSG") return absl::OkStatus();
    if (LoadInteger<uint64_t>(bytes + kIdentityOffset) != segment.header.identity) return absl::OkStatus();
    Cut({segment.number, end_.offset}, count);
    return absl::OkStatus();
  }

  void Cut(LogPosition at, uint64_t bytes) {
    if (end_.cut_bytes == 0) end_.cut_at = at;
    end_.cut_bytes += bytes;
  }

  void CutSegmentsFrom(size_t first) {
    for (size_t i = first; i < end_.segments; ++i) {
      const SegmentFile& segment = segments_[i];
      if (segment.has_groups()) Cut({segment.number, kSegmentHeaderBytes}, segment.end - kSegmentHeaderBytes);
    }
    end_.segments = first;
  }

  // The last segment lies before what is proven: whatever is behind its last group is damage, not a tail.
  void EndWithProven() {
    if (end_.segments == 0) return;
    const SegmentFile& segment = segments_[end_.segments - 1];
    end_.sealed = segment.sealed || segment.contained.has_value();
    end_.offset = segment.contained ? segment.contained->end : segment.end;
    if (end_.sealed) return;
    end_.offset = std::max(segment.end, ProvenIn(segment));
  }

  // How far the segment's bytes were durable, as far as the file has them.
  uint64_t ProvenIn(const SegmentFile& segment) const {
    const uint64_t size = segment.size / kAlignment * kAlignment;
    return segment.number == end_.proven.segment ? std::min(end_.proven.offset, size) : size;
  }

  void DropEmptySegments() {
    while (end_.segments > 0 && end_.offset <= kSegmentHeaderBytes) {
      --end_.segments;
      EndWithProven();
    }
  }

  const LogBegin& begin_;
  std::vector<SegmentFile>& segments_;
  LogEnd end_;
};

}  // namespace

absl::StatusOr<LogEnd> FindLogEnd(const LogBegin& begin, std::vector<SegmentFile>& segments) {
  return EndFinder(begin, segments).Run();
}

}  // namespace mts::log
