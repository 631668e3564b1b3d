#include "maintenance/segment_examination.h"

#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::maintenance {
namespace {

using log::RecordType;
using log::ScannedGroup;
using log::ScannedRecord;

class SegmentReading {
 public:
  SegmentReading(const log::SegmentFile& segment, const SegmentExtent& extent, NamedPayloadVisitor payload,
                 const ProgressSink& progress)
      : segment_(segment), extent_(extent), payload_(payload), progress_(progress) {
    contents_.summary.number = segment.number;
    contents_.summary.identity = segment.header.identity;
  }

  absl::StatusOr<SegmentContents> Run() {
    const auto damage = [this](uint64_t offset, uint64_t bytes, std::string_view what) {
      contents_.spots.push_back({offset, bytes, std::string(what)});
    };
    log::SegmentScanner scanner(*segment_.file, segment_.header.identity, log::kSegmentHeaderBytes, extent_.limit);
    const absl::StatusOr<bool> walked =
        log::ForEachGroup(scanner, extent_.ends_open, damage, [&](const ScannedGroup& group) -> absl::StatusOr<bool> {
          sealed_ = false;
          MTS_RETURN_IF_ERROR(progress_.advance(group.records_bytes, segment_.path));
          MTS_RETURN_IF_ERROR(
              scanner.ForEachRecord(group, damage, [this](const ScannedRecord& record) { return Look(record); }));
          return sealed_;
        });
    MTS_RETURN_IF_ERROR(walked.status());
    contents_.summary.end = extent_.ends_open ? extent_.limit : scanner.position();
    return std::move(contents_);
  }

 private:
  absl::Status Look(const ScannedRecord& record) {
    ++contents_.records;
    if (record.header.type == RecordType::kSeal) sealed_ = true;
    if (record.header.type != RecordType::kMessage) return absl::OkStatus();
    const std::optional<log::MessageBody> body = log::DecodeMessageBody(record.body);
    if (!body) {
      contents_.spots.push_back({record.offset, record.header.TotalBytes(), "a message that cannot be decoded"});
      return absl::OkStatus();
    }
    log::SegmentSummary& summary = contents_.summary;
    if (summary.messages++ == 0) {
      summary.first = record.header.sequence;
      summary.first_time = record.header.time;
    } else if (record.header.sequence <= summary.last) {
      contents_.spots.push_back({record.offset, record.header.TotalBytes(), "a sequence that does not ascend"});
    }
    summary.last = record.header.sequence;
    summary.last_time = record.header.time;
    summary.payload_bytes += body->size;
    contents_.messages.push_back({record.header.sequence, static_cast<uint32_t>(record.offset / log::kAlignment)});
    Count(body->subject, body->size);
    if (!body->reference || body->reference->kind != PayloadKind::kStored) return absl::OkStatus();
    return payload_({body->subject, record.header.sequence, *body->reference, {segment_.number, record.offset}});
  }

  void Count(std::string_view subject, uint64_t payload_bytes) {
    auto found = contents_.subjects.find(subject);
    if (found == contents_.subjects.end()) found = contents_.subjects.try_emplace(std::string(subject)).first;
    ++found->second.messages;
    found->second.payload_bytes += payload_bytes;
  }

  const log::SegmentFile& segment_;
  const SegmentExtent& extent_;
  const NamedPayloadVisitor payload_;
  const ProgressSink& progress_;
  SegmentContents contents_;
  bool sealed_ = false;
};

// What a damaged spot cost, from the spot itself and its neighbours.
class SpotDescription {
 public:
  SpotDescription(const log::SegmentFile& segment, const SegmentContents& contents, const SegmentSpot& spot)
      : segment_(segment), contents_(contents), spot_(spot) {
    finding_.file = segment.path;
    finding_.offset = spot.offset;
    finding_.bytes = spot.bytes;
    finding_.what = spot.what;
  }

  absl::StatusOr<Finding> WithoutIndex() {
    if (spot_.bytes == 0) return std::move(finding_);
    MTS_ASSIGN_OR_RETURN(const bool known, ByItsHeader());
    if (!known) ByNeighbours();
    return std::move(finding_);
  }
  Finding& finding() { return finding_; }

 private:
  // A damaged body whose header is right.
  absl::StatusOr<bool> ByItsHeader() {
    std::string bytes(std::min<uint64_t>(spot_.bytes, kMostRead), '\0');
    MTS_ASSIGN_OR_RETURN(const size_t count, segment_.file->ReadAt(spot_.offset, absl::MakeSpan(bytes)));
    bytes.resize(count);
    const auto header = log::DecodeRecordHeader(bytes, segment_.header.identity);
    if (!header || header->TotalBytes() != spot_.bytes) return false;
    if (header->type != RecordType::kMessage) {
      finding_.what += Concat(" (no message: a record of type ", static_cast<int>(header->type), ")");
      return true;
    }
    std::string_view body = std::string_view(bytes).substr(log::kRecordHeaderBytes);
    const auto decoded = log::DecodeMessageBody(body.substr(0, header->body_length));
    const bool named = decoded && ValidateSubject(decoded->subject).ok();
    finding_.Touch(named ? decoded->subject : std::string_view(), header->sequence);
    return true;
  }

  // Sequences of a group have no gap, so that those between the neighbours are the lost ones.
  void ByNeighbours() {
    Sequence before =
        segment_.header.first_sequence == kNoSequence ? contents_.summary.first : segment_.header.first_sequence;
    before = Sequence(before.value() == 0 ? 0 : before.value() - 1);
    Sequence after = kNoSequence;
    for (const SegmentContents::Message& message : contents_.messages) {
      const uint64_t offset = uint64_t{message.offset8} * log::kAlignment;
      if (offset < spot_.offset) before = message.sequence;
      if (offset >= spot_.offset + spot_.bytes) {
        after = message.sequence;
        break;
      }
    }
    for (uint64_t lost = before.value() + 1; lost < after.value(); ++lost) finding_.Touch({}, Sequence(lost));
  }

  static constexpr uint64_t kMostRead = 32 * limits::kMiB;
  const log::SegmentFile& segment_;
  const SegmentContents& contents_;
  const SegmentSpot& spot_;
  Finding finding_;
};

}  // namespace

absl::StatusOr<SegmentContents> ReadSegment(const log::SegmentFile& segment, const SegmentExtent& extent,
                                            NamedPayloadVisitor payload, const ProgressSink& progress) {
  return SegmentReading(segment, extent, payload, progress).Run();
}

absl::StatusOr<std::vector<Finding>> DescribeSpots(io::FileSystem& files, const log::SegmentFile& segment,
                                                   const SegmentContents& contents, const std::string& index_path) {
  const auto lies_in = [](const SegmentSpot& spot, uint64_t offset) {
    return offset >= spot.offset && offset < spot.offset + spot.bytes;
  };
  std::vector<IndexedMessage> lost;
  if (!index_path.empty() && !contents.spots.empty()) {
    MTS_ASSIGN_OR_RETURN(lost, IndexedMessages(files, index_path, [&](uint64_t offset) {
                           return std::any_of(contents.spots.begin(), contents.spots.end(),
                                              [&](const SegmentSpot& spot) { return lies_in(spot, offset); });
                         }));
  }
  std::vector<Finding> findings;
  for (const SegmentSpot& spot : contents.spots) {
    SpotDescription description(segment, contents, spot);
    if (index_path.empty()) {
      MTS_ASSIGN_OR_RETURN(Finding finding, description.WithoutIndex());
      findings.push_back(std::move(finding));
      continue;
    }
    for (const IndexedMessage& message : lost) {
      if (lies_in(spot, message.offset)) description.finding().Touch(message.subject, message.sequence);
    }
    findings.push_back(std::move(description.finding()));
  }
  return findings;
}

}  // namespace mts::maintenance
