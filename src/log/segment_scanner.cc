#include "log/segment_scanner.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/status.h"

namespace mts::log {
namespace {

constexpr std::string_view kGroupMagic = "MTSG";
constexpr uint64_t kIdentityOffset = 8;

// The first multiple of 8 at or behind `from` where `bytes` may hold a group header; bytes.size() when there is none.
size_t FindMagic(std::string_view bytes, size_t from) {
  const uint32_t magic = LoadInteger<uint32_t>(kGroupMagic.data());
  for (; from + kGroupHeaderBytes <= bytes.size(); from += kAlignment) {
    if (LoadInteger<uint32_t>(bytes.data() + from) == magic) return from;
  }
  return bytes.size();
}

// Goes through [offset, limit) in chunks that overlap by a header and asks `accept` about each place with the magic.
absl::Status SearchMagic(FileWindow& window, uint64_t offset, uint64_t limit,
                         absl::FunctionRef<bool(std::string_view header, uint64_t offset)> accept) {
  while (offset + kGroupHeaderBytes <= limit) {
    const uint64_t length = std::min<uint64_t>(SegmentScanner::kChunkBytes, limit - offset);
    MTS_ASSIGN_OR_RETURN(const std::string_view bytes, window.At(offset, length));
    for (size_t at = FindMagic(bytes, 0); at < bytes.size(); at = FindMagic(bytes, at + kAlignment)) {
      if (accept(bytes.substr(at, kGroupHeaderBytes), offset + at)) return absl::OkStatus();
    }
    if (bytes.size() < length || offset + length == limit) break;
    offset += length - AlignUp(kGroupHeaderBytes, kAlignment) + kAlignment;
  }
  return absl::OkStatus();
}

}  // namespace

// ---- Records

std::optional<RecordHeader> RecordScanner::HeaderHere() const {
  const std::optional<RecordHeader> header = DecodeRecordHeader(records_.substr(next_), identity_);
  if (!header || header->TotalBytes() > records_.size() - next_) return std::nullopt;
  return header;
}

void RecordScanner::SkipDamagedHeader(DamageSink damage) {
  const uint64_t from = next_;
  do {
    next_ = std::min<uint64_t>(next_ + kAlignment, records_.size());
  } while (next_ < records_.size() && !HeaderHere());
  damage(offset_ + from, next_ - from, "no valid record header");
}

std::optional<ScannedRecord> RecordScanner::Next(DamageSink damage) {
  while (next_ < records_.size()) {
    const std::optional<RecordHeader> header = HeaderHere();
    if (!header) {
      SkipDamagedHeader(damage);
      continue;
    }
    const uint64_t at = next_;
    next_ += header->TotalBytes();
    const std::string_view body = records_.substr(at + kRecordHeaderBytes, header->body_length);
    if (bodies_ == Bodies::kTrust || Crc32c(body) == header->body_crc)
      return ScannedRecord{*header, offset_ + at, body};
    damage(offset_ + at, header->TotalBytes(), "the checksum of a record's body is wrong");
  }
  return std::nullopt;
}

// ---- Groups

ScannedGroup SegmentScanner::Found(const GroupHeader& header) {
  ScannedGroup group;
  group.header = header;
  group.records_offset = header.offset + kGroupHeaderBytes;
  group.records_bytes = std::min<uint64_t>(header.length, limit_ - group.records_offset);
  position_ = group.end();
  return group;
}

ScannedGroup SegmentScanner::WithoutHeader(uint64_t from, uint64_t to) const {
  ScannedGroup group;
  group.has_header = false;
  group.header.identity = identity_;
  group.header.offset = from;
  group.records_offset = from;
  group.records_bytes = to - from;
  return group;
}

absl::StatusOr<std::optional<GroupHeader>> SegmentScanner::HeaderAt(uint64_t offset) {
  if (offset + kGroupHeaderBytes > limit_) return std::nullopt;
  MTS_ASSIGN_OR_RETURN(const std::string_view bytes, window_.At(offset, kGroupHeaderBytes));
  return DecodeGroupHeader(bytes, identity_, offset);
}

absl::StatusOr<std::optional<GroupHeader>> SegmentScanner::Search(uint64_t offset) {
  std::optional<GroupHeader> found;
  MTS_RETURN_IF_ERROR(SearchMagic(window_, offset, limit_, [&](std::string_view bytes, uint64_t at) {
    found = DecodeGroupHeader(bytes, identity_, at);
    return found.has_value();
  }));
  return found;
}

absl::StatusOr<std::optional<ScannedGroup>> SegmentScanner::Next() {
  if (found_ahead_) {
    const GroupHeader header = *found_ahead_;
    found_ahead_.reset();
    return Found(header);
  }
  MTS_ASSIGN_OR_RETURN(std::optional<GroupHeader> header, HeaderAt(position_));
  if (header) return Found(*header);
  MTS_ASSIGN_OR_RETURN(header, Search(position_ + kAlignment));
  if (!header) return std::nullopt;
  found_ahead_ = header;
  return WithoutHeader(position_, header->offset);
}

ScannedGroup SegmentScanner::Rest() const { return WithoutHeader(position_, std::max(position_, limit_)); }

absl::StatusOr<std::string_view> SegmentScanner::Records(const ScannedGroup& group) {
  return window_.At(group.records_offset, group.records_bytes);
}

absl::Status SegmentScanner::ForEachRecord(const ScannedGroup& group, DamageSink damage,
                                           absl::FunctionRef<absl::Status(const ScannedRecord&)> visit) {
  MTS_ASSIGN_OR_RETURN(const std::string_view records, Records(group));
  RecordScanner scanner(records, identity_, group.records_offset);
  while (const std::optional<ScannedRecord> record = scanner.Next(damage)) MTS_RETURN_IF_ERROR(visit(*record));
  if (group.has_header && records.size() < group.header.length) {
    damage(group.records_offset + records.size(), group.header.length - records.size(), "the file ends within a group");
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SegmentScanner::IsWhole(const ScannedGroup& group) {
  if (!group.has_header || group.records_bytes < group.header.length) return false;
  bool whole = true;
  uint32_t records = 0;
  MTS_RETURN_IF_ERROR(ForEachRecord(
      group, [&](uint64_t, uint64_t, std::string_view) { whole = false; },
      [&](const ScannedRecord&) {
        ++records;
        return absl::OkStatus();
      }));
  return whole && records == group.header.record_count;
}

absl::StatusOr<bool> ForEachGroup(SegmentScanner& scanner, bool ends_open, DamageSink damage,
                                  absl::FunctionRef<absl::StatusOr<bool>(const ScannedGroup&)> visit) {
  for (;;) {
    MTS_ASSIGN_OR_RETURN(const std::optional<ScannedGroup> group, scanner.Next());
    if (!group) break;
    MTS_ASSIGN_OR_RETURN(const bool sealed, visit(*group));
    if (sealed) return true;
  }
  const ScannedGroup rest = scanner.Rest();
  if (ends_open && rest.records_bytes == 0) return false;
  if (!ends_open) damage(scanner.position(), 0, "the segment has no seal");
  return visit(rest);
}

absl::StatusOr<std::optional<GroupHeader>> FindAnyGroup(io::File& file, uint64_t limit, GroupNumber above,
                                                        GroupNumber below) {
  FileWindow window(file, SegmentScanner::kChunkBytes);
  std::optional<GroupHeader> found;
  MTS_RETURN_IF_ERROR(SearchMagic(window, kSegmentHeaderBytes, limit, [&](std::string_view bytes, uint64_t at) {
    found = DecodeGroupHeader(bytes, LoadInteger<uint64_t>(bytes.data() + kIdentityOffset), at);
    if (found && (found->number <= above || found->number >= below)) found.reset();
    return found.has_value();
  }));
  return found;
}

}  // namespace mts::log
