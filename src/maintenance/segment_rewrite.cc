#include "maintenance/segment_rewrite.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "log/identity.h"
#include "log/recovery_rewrite.h"
#include "log/segment_scanner.h"

namespace mts::maintenance {
namespace {

using log::GroupHeader;
using log::RecordType;
using log::ScannedGroup;
using log::ScannedRecord;

void IgnoreDamage(uint64_t, uint64_t, std::string_view) {}

// One group as it will be written.
class GroupBytes {
 public:
  explicit GroupBytes(const GroupHeader& header) : header_(header), bytes_(log::kGroupHeaderBytes, '\0') {}

  uint64_t end() const { return header_.offset + bytes_.size(); }
  bool empty() const { return header_.record_count == 0; }
  const GroupHeader& header() const { return header_; }

  absl::Status Add(const ScannedRecord& record) {
    MTS_RETURN_IF_ERROR(FillUpTo(record.offset));
    log::AppendRecord(bytes_, record.header.type, record.header.flags, record.body, record.header.sequence,
                      record.header.time, header_.identity);
    ++header_.record_count;
    header_.last_sequence = std::max(header_.last_sequence, record.header.sequence);
    header_.time = std::max(header_.time, record.header.time);
    return absl::OkStatus();
  }

  // Puts a record of type `lost` in the place of what could not be read.
  absl::Status FillUpTo(uint64_t offset) {
    if (offset == end()) return absl::OkStatus();
    if (offset < end() + log::kRecordHeaderBytes) {
      return absl::InternalError(Concat("nothing fits between ", end(), " and ", offset));
    }
    const std::string body(offset - end() - log::kRecordHeaderBytes, '\0');
    log::AppendRecord(bytes_, RecordType::kLost, log::kRecordSkippable, body, header_.last_sequence, header_.time,
                      header_.identity);
    ++header_.record_count;
    return absl::OkStatus();
  }

  const std::string& Finish() {
    header_.length = static_cast<uint32_t>(bytes_.size() - log::kGroupHeaderBytes);
    log::EncodeGroupHeader(header_, bytes_.data());
    return bytes_;
  }

 private:
  GroupHeader header_;
  std::string bytes_;
};

class SegmentRewrite {
 public:
  SegmentRewrite(const log::SegmentFile& segment, const SegmentExtent& extent, const LogPlace& before, io::File& to)
      : segment_(segment), extent_(extent), place_(before), to_(to) {}

  absl::StatusOr<LogPlace> Run() {
    log::SegmentHeader header = segment_.header;
    if (header.first_group == log::GroupNumber(0)) header.first_group = place_.group.Next();
    if (header.first_sequence == kNoSequence) header.first_sequence = place_.sequence.Next();
    MTS_RETURN_IF_ERROR(to_.Write(0, log::EncodeSegmentHeader(header)));
    log::SegmentScanner scanner(*segment_.file, segment_.header.identity, log::kSegmentHeaderBytes,
                                std::min(extent_.limit, segment_.size));
    const absl::StatusOr<bool> sealed =
        log::ForEachGroup(scanner, extent_.ends_open, IgnoreDamage,
                          [&](const ScannedGroup& group) -> absl::StatusOr<bool> { return Copy(scanner, group); });
    MTS_RETURN_IF_ERROR(sealed.status());
    MTS_RETURN_IF_ERROR(*sealed ? absl::OkStatus() : extent_.ends_open ? FillToLimit() : Seal());
    // As long as it was, because groups elsewhere may say that so much was durable.
    MTS_ASSIGN_OR_RETURN(const uint64_t size, to_.Size());
    if (size < segment_.size) MTS_RETURN_IF_ERROR(to_.Truncate(segment_.size));
    MTS_RETURN_IF_ERROR(to_.SyncData());
    return place_;
  }

 private:
  // The header of a group that has lost its own.
  GroupHeader NewHeader(uint64_t offset) const {
    GroupHeader header;
    header.identity = segment_.header.identity;
    header.offset = offset;
    header.number = place_.group.Next();
    header.synced_through = {segment_.number, offset};
    header.time = place_.time;
    header.last_sequence = place_.sequence;
    return header;
  }

  // Answers whether the seal was in it.
  absl::StatusOr<bool> Copy(log::SegmentScanner& scanner, const ScannedGroup& group) {
    GroupHeader header = group.has_header ? group.header : NewHeader(group.header.offset);
    header.record_count = 0;
    GroupBytes bytes(header);
    bool sealed = false;
    MTS_RETURN_IF_ERROR(scanner.ForEachRecord(group, IgnoreDamage, [&](const ScannedRecord& record) -> absl::Status {
      sealed = record.header.type == RecordType::kSeal;
      Count(record);
      return bytes.Add(record);
    }));
    if (group.has_header) {
      MTS_RETURN_IF_ERROR(bytes.FillUpTo(group.records_offset + group.header.length));
    } else if (group.end() < std::min(extent_.limit, segment_.size)) {
      MTS_RETURN_IF_ERROR(bytes.FillUpTo(group.end()));
    }
    // Behind the last group, nothing but what can be read counts.
    return bytes.empty() ? absl::StatusOr<bool>(false) : Write(bytes, sealed);
  }

  absl::StatusOr<bool> Write(GroupBytes& bytes, bool sealed) {
    MTS_RETURN_IF_ERROR(to_.Write(bytes.header().offset, bytes.Finish()));
    end_ = bytes.end();
    place_.group = std::max(place_.group, bytes.header().number);
    place_.sequence = std::max(place_.sequence, bytes.header().last_sequence);
    place_.time = std::max(place_.time, bytes.header().time);
    return sealed;
  }

  void Count(const ScannedRecord& record) {
    if (record.header.type != RecordType::kMessage || !log::DecodeMessageBody(record.body)) return;
    if (seal_.messages++ == 0) seal_.first = record.header.sequence;
    seal_.last = record.header.sequence;
  }

  // What was durable is not to end before its place.
  absl::Status FillToLimit() {
    if (extent_.limit < end_ + log::kGroupHeaderBytes + log::kRecordHeaderBytes) return absl::OkStatus();
    GroupBytes bytes(NewHeader(end_));
    MTS_RETURN_IF_ERROR(bytes.FillUpTo(extent_.limit));
    return Write(bytes, false).status();
  }

  absl::Status Seal() {
    log::SealGroup seal;
    seal.identity = segment_.header.identity;
    seal.position = {segment_.number, end_};
    seal.number = place_.group.Next();
    seal.time = place_.time;
    seal.last_sequence = place_.sequence;
    seal.body = seal_;
    place_.group = seal.number;
    return to_.Write(end_, log::EncodeSealGroup(seal));
  }

  const log::SegmentFile& segment_;
  const SegmentExtent extent_;
  LogPlace place_;
  io::File& to_;
  uint64_t end_ = log::kSegmentHeaderBytes;
  log::SealBody seal_;
};

}  // namespace

absl::StatusOr<LogPlace> RewriteDamagedSegment(io::FileSystem& files, const log::SegmentFile& segment,
                                               const SegmentExtent& extent, const LogPlace& before,
                                               const std::string& path) {
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> to, files.Open(path, io::OpenMode::kCreateOrTruncate));
  return SegmentRewrite(segment, extent, before, *to).Run();
}

absl::StatusOr<LogPlace> WriteEmptySegment(io::FileSystem& files, log::SegmentNumber number, const LogPlace& before,
                                           const std::string& path) {
  log::SegmentHeader header;
  header.identity = log::NewIdentity();
  header.number = number;
  header.first_sequence = before.sequence.Next();
  header.opened = before.time;
  header.first_group = before.group.Next();
  log::SealGroup seal;
  seal.identity = header.identity;
  seal.position = {number, log::kSegmentHeaderBytes};
  seal.number = header.first_group;
  seal.time = before.time;
  seal.last_sequence = before.sequence;
  const std::string group = log::EncodeSealGroup(seal);
  header.capacity = log::kSegmentHeaderBytes + group.size();
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> to, files.Open(path, io::OpenMode::kCreateOrTruncate));
  MTS_RETURN_IF_ERROR(to->Write(0, log::EncodeSegmentHeader(header) + group));
  MTS_RETURN_IF_ERROR(to->SyncData());
  return LogPlace{seal.number, before.sequence, before.time};
}

absl::StatusOr<LogPlace> PlaceBehind(const log::SegmentFile& segment, const SegmentExtent& extent,
                                     const LogPlace& before) {
  LogPlace place = before;
  log::SegmentScanner scanner(*segment.file, segment.header.identity, log::kSegmentHeaderBytes, extent.limit);
  for (;;) {
    MTS_ASSIGN_OR_RETURN(const std::optional<ScannedGroup> group, scanner.Next());
    if (!group) return place;
    if (!group->has_header) continue;
    place.group = std::max(place.group, group->header.number);
    place.sequence = std::max(place.sequence, group->header.last_sequence);
    place.time = std::max(place.time, group->header.time);
  }
}

}  // namespace mts::maintenance
