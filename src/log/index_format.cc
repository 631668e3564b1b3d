#include "log/index_format.h"

#include <cstdio>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/text.h"

namespace mts::log {
namespace {

constexpr std::string_view kMagic = "MTSIDX01";
constexpr std::string_view kTierPrefix = "tier-";
constexpr std::string_view kIndexSuffix = ".index";

void AppendTable(std::string& to, const NameTableLayout& table) {
  for (const uint64_t value : {table.names, table.lists_at, table.list_items, table.names_at, table.names_bytes,
                               table.entries_at, table.slots_at, table.slots, table.homes}) {
    AppendInteger<uint64_t>(to, value);
  }
}

NameTableLayout ReadTable(ByteReader& reader) {
  NameTableLayout table;
  for (uint64_t* value : {&table.names, &table.lists_at, &table.list_items, &table.names_at, &table.names_bytes,
                          &table.entries_at, &table.slots_at, &table.slots, &table.homes}) {
    *value = reader.Integer<uint64_t>();
  }
  return table;
}

bool Inside(uint64_t at, uint64_t count, uint64_t item_bytes, uint64_t end) {
  return at <= end && count <= (end - at) / item_bytes;
}

// Whether every part lies within the file, so that no reader needs to ask again.
bool PartsFit(const IndexHeader& header) {
  const NameTableLayout& table = header.table;
  const uint64_t end = header.content_end;
  return Inside(header.offsets_at, header.kind == IndexKind::kSegment ? header.messages : 0, 4, end) &&
         (header.sequences_at == 0 || Inside(header.sequences_at, header.messages, 4, end)) &&
         Inside(header.references_at, header.references, 4, end) &&
         Inside(header.members_at, header.members, kTierMemberBytes, end) &&
         Inside(table.lists_at, table.list_items, ListItemBytes(header.kind), end) &&
         Inside(table.names_at, table.names_bytes, 1, end) &&
         Inside(table.entries_at, table.names, kNameEntryBytes, end) &&
         Inside(table.slots_at, table.slots, sizeof(NameSlot), end) && table.names < NameSlot::kNoRank &&
         table.homes <= table.slots && header.messages <= UINT32_MAX;
}

// Whether the sequences can be those of so many messages.
bool SequencesFit(const IndexHeader& header) {
  if (header.messages == 0) return true;
  if (header.last < header.first) return false;
  const uint64_t distance = header.last.value() - header.first.value();
  return header.sequences_at != 0 ? distance <= UINT32_MAX : distance == header.messages - 1;
}

}  // namespace

std::string EncodeIndexHeader(const IndexHeader& header) {
  std::string to(kMagic);
  AppendInteger<uint32_t>(to, kIndexVersion);
  AppendInteger<uint32_t>(to, static_cast<uint32_t>(header.kind));
  for (const uint64_t value :
       {header.identity, header.number.value(), header.last_number.value(), header.level, header.messages,
        header.first.value(), header.last.value(), static_cast<uint64_t>(header.first_time.value()),
        static_cast<uint64_t>(header.last_time.value()), header.end, header.payload_bytes, header.offsets_at,
        header.sequences_at, header.references_at, header.references, header.members_at, header.members,
        header.content_end}) {
    AppendInteger<uint64_t>(to, value);
  }
  AppendTable(to, header.table);
  return to;
}

absl::StatusOr<IndexHeader> DecodeIndexHeader(std::string_view first_page) {
  ByteReader reader(first_page);
  if (reader.Bytes(kMagic.size()) != kMagic) return absl::DataLossError("not an index file");
  const auto version = reader.Integer<uint32_t>();
  if (version != kIndexVersion) {
    return absl::FailedPreconditionError(Concat("index of version ", version, ", known is ", kIndexVersion));
  }
  IndexHeader header;
  const auto kind = reader.Integer<uint32_t>();
  header.kind = static_cast<IndexKind>(kind);
  header.identity = reader.Integer<uint64_t>();
  header.number = SegmentNumber(reader.Integer<uint64_t>());
  header.last_number = SegmentNumber(reader.Integer<uint64_t>());
  header.level = reader.Integer<uint64_t>();
  header.messages = reader.Integer<uint64_t>();
  header.first = Sequence(reader.Integer<uint64_t>());
  header.last = Sequence(reader.Integer<uint64_t>());
  header.first_time = Timestamp(reader.Integer<int64_t>());
  header.last_time = Timestamp(reader.Integer<int64_t>());
  for (uint64_t* value :
       {&header.end, &header.payload_bytes, &header.offsets_at, &header.sequences_at, &header.references_at,
        &header.references, &header.members_at, &header.members, &header.content_end}) {
    *value = reader.Integer<uint64_t>();
  }
  header.table = ReadTable(reader);
  const bool kind_known =
      kind == static_cast<uint32_t>(IndexKind::kSegment) || kind == static_cast<uint32_t>(IndexKind::kTier);
  if (!reader.ok() || !kind_known || !PartsFit(header) || !SequencesFit(header))
    return absl::DataLossError("index header does not fit its file");
  return header;
}

SegmentSummary SummaryOf(const IndexHeader& header) {
  SegmentSummary summary;
  summary.number = header.number;
  summary.identity = header.identity;
  summary.first = header.first;
  summary.last = header.last;
  summary.messages = header.messages;
  summary.payload_bytes = header.payload_bytes;
  summary.end = header.end;
  summary.first_time = header.first_time;
  summary.last_time = header.last_time;
  return summary;
}

void EncodeNameEntry(const NameEntry& entry, char* to) {
  StoreInteger<uint64_t>(to, entry.name_offset);
  StoreInteger<uint32_t>(to + 8, entry.name_length);
  StoreInteger<uint32_t>(to + 12, entry.list_length);
  StoreInteger<uint64_t>(to + 16, entry.list_first);
  StoreInteger<uint64_t>(to + 24, entry.payload_bytes);
}

NameEntry DecodeNameEntry(const char* from) {
  NameEntry entry;
  entry.name_offset = LoadInteger<uint64_t>(from);
  entry.name_length = LoadInteger<uint32_t>(from + 8);
  entry.list_length = LoadInteger<uint32_t>(from + 12);
  entry.list_first = LoadInteger<uint64_t>(from + 16);
  entry.payload_bytes = LoadInteger<uint64_t>(from + 24);
  return entry;
}

uint32_t HashSubjectName(std::string_view name) {
  // The multiplication carries every bit of the checksum into the upper ones, which choose the home.
  return Crc32c(name) * 0x9E3779B1u;
}

std::string TierFileName(SegmentNumber first, SegmentNumber last) {
  char name[64];
  std::snprintf(name, sizeof(name), "tier-%016llx-%016llx.index", static_cast<unsigned long long>(first.value()),
                static_cast<unsigned long long>(last.value()));
  return name;
}

bool IsTierFileName(std::string_view name) {
  return name.size() == kTierPrefix.size() + 33 + kIndexSuffix.size() &&
         name.substr(0, kTierPrefix.size()) == kTierPrefix &&
         name.substr(name.size() - kIndexSuffix.size()) == kIndexSuffix;
}

}  // namespace mts::log
