#include "log/format.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/crc32c.h"

namespace mts::log {
namespace {

constexpr std::string_view kSegmentMagic = "MTSSEG01";
constexpr std::string_view kGroupMagic = "MTSG";
constexpr uint64_t kSegmentHeaderUsed = 64;

std::string_view View(const char* bytes, size_t size) { return {bytes, size}; }

uint32_t RecordHeaderCrc(const char* header, uint64_t identity) {
  const uint32_t seed = Crc32c(View(reinterpret_cast<const char*>(&identity), sizeof(identity)));
  return ExtendCrc32c(seed, View(header + 4, kRecordHeaderBytes - 4));
}

}  // namespace

bool IsKnownRecordType(uint8_t type) {
  return (type >= static_cast<uint8_t>(RecordType::kMessage) && type <= static_cast<uint8_t>(RecordType::kLost)) ||
         (type >= static_cast<uint8_t>(RecordType::kCheckpointSubject) &&
          type <= static_cast<uint8_t>(RecordType::kCheckpointEnd));
}

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string bytes(kSegmentMagic);
  AppendInteger<uint32_t>(bytes, 0);
  AppendInteger<uint32_t>(bytes, kFormatVersion);
  AppendInteger<uint64_t>(bytes, header.identity);
  AppendInteger<uint64_t>(bytes, header.number.value());
  AppendInteger<uint64_t>(bytes, header.first_sequence.value());
  AppendInteger<uint64_t>(bytes, header.capacity);
  AppendInteger<int64_t>(bytes, header.opened.value());
  AppendInteger<uint64_t>(bytes, header.first_group.value());
  StoreInteger<uint32_t>(bytes.data() + 8, Crc32c(View(bytes.data() + 12, kSegmentHeaderUsed - 12)));
  bytes.resize(kSegmentHeaderBytes, '\0');
  return bytes;
}

absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderUsed) return absl::DataLossError("segment header is cut off");
  if (bytes.substr(0, kSegmentMagic.size()) != kSegmentMagic) return absl::DataLossError("not a segment file");
  if (LoadInteger<uint32_t>(bytes.data() + 8) != Crc32c(bytes.substr(12, kSegmentHeaderUsed - 12))) {
    return absl::DataLossError("segment header has a wrong checksum");
  }
  ByteReader reader(bytes.substr(12));
  const uint32_t version = reader.Integer<uint32_t>();
  if (version > kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat("segment has format version ", version, "; this program knows ",
                                                      kFormatVersion, ". Use a newer program."));
  }
  SegmentHeader header;
  header.identity = reader.Integer<uint64_t>();
  header.number = SegmentNumber(reader.Integer<uint64_t>());
  header.first_sequence = Sequence(reader.Integer<uint64_t>());
  header.capacity = reader.Integer<uint64_t>();
  header.opened = Timestamp(reader.Integer<int64_t>());
  header.first_group = GroupNumber(reader.Integer<uint64_t>());
  return header;
}

void EncodeGroupHeader(const GroupHeader& header, char* to) {
  std::memcpy(to, kGroupMagic.data(), 4);
  StoreInteger<uint64_t>(to + 8, header.identity);
  StoreInteger<uint64_t>(to + 16, header.offset);
  StoreInteger<uint64_t>(to + 24, header.number.value());
  StoreInteger<uint32_t>(to + 32, header.length);
  StoreInteger<uint32_t>(to + 36, header.record_count);
  StoreInteger<uint64_t>(to + 40, header.synced_through.segment.value());
  StoreInteger<uint64_t>(to + 48, header.synced_through.offset);
  StoreInteger<int64_t>(to + 56, header.time.value());
  StoreInteger<uint64_t>(to + 64, header.last_sequence.value());
  StoreInteger<uint32_t>(to + 4, Crc32c(View(to + 8, kGroupHeaderBytes - 8)));
}

std::optional<GroupHeader> DecodeGroupHeader(std::string_view bytes, uint64_t identity, uint64_t offset) {
  if (bytes.size() < kGroupHeaderBytes || bytes.substr(0, 4) != kGroupMagic) return std::nullopt;
  if (LoadInteger<uint64_t>(bytes.data() + 8) != identity) return std::nullopt;
  if (LoadInteger<uint64_t>(bytes.data() + 16) != offset) return std::nullopt;
  if (LoadInteger<uint32_t>(bytes.data() + 4) != Crc32c(bytes.substr(8, kGroupHeaderBytes - 8))) return std::nullopt;
  ByteReader reader(bytes.substr(24));
  GroupHeader header;
  header.identity = identity;
  header.offset = offset;
  header.number = GroupNumber(reader.Integer<uint64_t>());
  header.length = reader.Integer<uint32_t>();
  header.record_count = reader.Integer<uint32_t>();
  header.synced_through.segment = SegmentNumber(reader.Integer<uint64_t>());
  header.synced_through.offset = reader.Integer<uint64_t>();
  header.time = Timestamp(reader.Integer<int64_t>());
  header.last_sequence = Sequence(reader.Integer<uint64_t>());
  return header;
}

uint64_t RecordHeader::TotalBytes() const { return kRecordHeaderBytes + AlignUp(body_length, kAlignment); }

void EncodeRecordHeader(const RecordHeader& header, uint64_t identity, char* to) {
  EncodeUnfinishedRecordHeader(header, to);
  FinishRecordHeader(header.sequence, header.time, identity, to);
}

void EncodeUnfinishedRecordHeader(const RecordHeader& header, char* to) {
  StoreInteger<uint32_t>(to + 4, header.body_length);
  StoreInteger<uint8_t>(to + 8, static_cast<uint8_t>(header.type));
  StoreInteger<uint8_t>(to + 9, header.flags);
  StoreInteger<uint16_t>(to + 10, 0);
  StoreInteger<uint32_t>(to + 12, header.body_crc);
}

void FinishRecordHeader(Sequence sequence, Timestamp time, uint64_t identity, char* header) {
  StoreInteger<uint64_t>(header + 16, sequence.value());
  StoreInteger<int64_t>(header + 24, time.value());
  StoreInteger<uint32_t>(header, RecordHeaderCrc(header, identity));
}

std::optional<RecordHeader> DecodeRecordHeader(std::string_view bytes, uint64_t identity) {
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  const char* from = bytes.data();
  if (LoadInteger<uint32_t>(from) != RecordHeaderCrc(from, identity)) return std::nullopt;
  RecordHeader header;
  header.body_length = LoadInteger<uint32_t>(from + 4);
  header.type = static_cast<RecordType>(LoadInteger<uint8_t>(from + 8));
  header.flags = LoadInteger<uint8_t>(from + 9);
  header.body_crc = LoadInteger<uint32_t>(from + 12);
  header.sequence = Sequence(LoadInteger<uint64_t>(from + 16));
  header.time = Timestamp(LoadInteger<int64_t>(from + 24));
  return header;
}

void AppendRecord(std::string& to, RecordType type, uint8_t flags, std::string_view body, Sequence sequence,
                  Timestamp time, uint64_t identity) {
  RecordHeader header;
  header.body_length = static_cast<uint32_t>(body.size());
  header.type = type;
  header.flags = flags;
  header.body_crc = Crc32c(body);
  header.sequence = sequence;
  header.time = time;
  const size_t start = to.size();
  to.resize(start + header.TotalBytes(), '\0');
  EncodeRecordHeader(header, identity, to.data() + start);
  std::memcpy(to.data() + start + kRecordHeaderBytes, body.data(), body.size());
}

std::string SegmentFileName(SegmentNumber number) { return absl::StrFormat("%016x.segment", number.value()); }
std::string IndexFileName(SegmentNumber number) { return absl::StrFormat("%016x.index", number.value()); }

namespace {

std::optional<SegmentNumber> ParseNumberedName(std::string_view name, std::string_view suffix) {
  constexpr size_t kDigits = 16;
  if (name.size() != kDigits + suffix.size() || name.substr(kDigits) != suffix) return std::nullopt;
  uint64_t number = 0;
  for (const char c : name.substr(0, kDigits)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    number = number * 16 + static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return SegmentNumber(number);
}

}  // namespace

std::optional<SegmentNumber> ParseSegmentFileName(std::string_view name) { return ParseNumberedName(name, ".segment"); }
std::optional<SegmentNumber> ParseIndexFileName(std::string_view name) { return ParseNumberedName(name, ".index"); }

}  // namespace mts::log
