#include "log/checkpoint_records.h"

#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/text.h"

namespace mts::log {
namespace {

constexpr std::string_view kMagic = "MTSCHK01";
constexpr size_t kCrcOffset = 8;
constexpr size_t kChecked = 12;  // offset from which the crc counts

}  // namespace

std::string EncodeCheckpointHeader(const CheckpointHeader& header) {
  std::string bytes(kMagic);
  AppendInteger<uint32_t>(bytes, 0);
  AppendInteger<uint32_t>(bytes, kFormatVersion);
  AppendInteger<uint64_t>(bytes, header.identity);
  AppendInteger<uint64_t>(bytes, header.number);
  AppendInteger<uint64_t>(bytes, header.position.segment.value());
  AppendInteger<uint64_t>(bytes, header.position.offset);
  AppendInteger<uint64_t>(bytes, header.last_sequence.value());
  AppendInteger<uint64_t>(bytes, header.next_group.value());
  AppendInteger<int64_t>(bytes, header.last_time.value());
  StoreInteger<uint32_t>(bytes.data() + kCrcOffset, Crc32c(std::string_view(bytes).substr(kChecked)));
  return bytes;
}

absl::StatusOr<CheckpointHeader> DecodeCheckpointHeader(std::string_view bytes) {
  if (bytes.size() < kCheckpointHeaderBytes) return absl::DataLossError("its header is cut off");
  bytes = bytes.substr(0, kCheckpointHeaderBytes);
  if (bytes.substr(0, kMagic.size()) != kMagic) return absl::DataLossError("it is not a checkpoint");
  if (LoadInteger<uint32_t>(bytes.data() + kCrcOffset) != Crc32c(bytes.substr(kChecked))) {
    return absl::DataLossError("its header has a wrong checksum");
  }
  ByteReader reader(bytes.substr(kChecked));
  const uint32_t version = reader.Integer<uint32_t>();
  if (version > kFormatVersion) {
    return absl::FailedPreconditionError(
        Concat("it has format version ", version, "; this program knows ", kFormatVersion, ". Use a newer program."));
  }
  CheckpointHeader header;
  header.identity = reader.Integer<uint64_t>();
  header.number = reader.Integer<uint64_t>();
  header.position.segment = SegmentNumber(reader.Integer<uint64_t>());
  header.position.offset = reader.Integer<uint64_t>();
  header.last_sequence = Sequence(reader.Integer<uint64_t>());
  header.next_group = GroupNumber(reader.Integer<uint64_t>());
  header.last_time = Timestamp(reader.Integer<int64_t>());
  return header;
}

void EncodeSubject(const store::SubjectState& state, std::string& body) {
  body.clear();
  AppendString16(body, state.subject);
  AppendInteger<uint64_t>(body, state.first.value());
  AppendInteger<uint64_t>(body, state.last.value());
  AppendInteger<uint64_t>(body, state.messages);
  AppendInteger<uint64_t>(body, state.bytes);
  AppendInteger<int64_t>(body, state.first_time.value());
  AppendInteger<int64_t>(body, state.last_time.value());
}

std::optional<store::SubjectState> DecodeSubject(std::string_view body) {
  ByteReader reader(body);
  store::SubjectState state;
  state.subject = std::string(reader.String16());
  state.first = Sequence(reader.Integer<uint64_t>());
  state.last = Sequence(reader.Integer<uint64_t>());
  state.messages = reader.Integer<uint64_t>();
  state.bytes = reader.Integer<uint64_t>();
  state.first_time = Timestamp(reader.Integer<int64_t>());
  state.last_time = Timestamp(reader.Integer<int64_t>());
  if (!reader.AtEnd() || state.subject.empty()) return std::nullopt;
  return state;
}

void EncodeDeduplication(const DeduplicationBody& entry, std::string& body) {
  body.assign(entry.key.data(), entry.key.size());
  AppendInteger<uint64_t>(body, entry.sequence.value());
  AppendInteger<int64_t>(body, entry.age_micros);
}

std::optional<DeduplicationBody> DecodeDeduplication(std::string_view body) {
  ByteReader reader(body);
  DeduplicationBody entry;
  const std::string_view key = reader.Bytes(entry.key.size());
  entry.sequence = Sequence(reader.Integer<uint64_t>());
  entry.age_micros = reader.Integer<int64_t>();
  if (!reader.AtEnd()) return std::nullopt;
  std::memcpy(entry.key.data(), key.data(), entry.key.size());
  return entry;
}

void EncodeSegmentSummary(const SegmentSummary& summary, std::string& body) {
  body.clear();
  AppendInteger<uint64_t>(body, summary.number.value());
  AppendInteger<uint64_t>(body, summary.identity);
  AppendInteger<uint64_t>(body, summary.first.value());
  AppendInteger<uint64_t>(body, summary.last.value());
  AppendInteger<uint64_t>(body, summary.messages);
  AppendInteger<uint64_t>(body, summary.payload_bytes);
  AppendInteger<uint64_t>(body, summary.end);
  AppendInteger<int64_t>(body, summary.first_time.value());
  AppendInteger<int64_t>(body, summary.last_time.value());
}

std::optional<SegmentSummary> DecodeSegmentSummary(std::string_view body) {
  ByteReader reader(body);
  SegmentSummary summary;
  summary.number = SegmentNumber(reader.Integer<uint64_t>());
  summary.identity = reader.Integer<uint64_t>();
  summary.first = Sequence(reader.Integer<uint64_t>());
  summary.last = Sequence(reader.Integer<uint64_t>());
  summary.messages = reader.Integer<uint64_t>();
  summary.payload_bytes = reader.Integer<uint64_t>();
  summary.end = reader.Integer<uint64_t>();
  summary.first_time = Timestamp(reader.Integer<int64_t>());
  summary.last_time = Timestamp(reader.Integer<int64_t>());
  if (!reader.AtEnd()) return std::nullopt;
  return summary;
}

std::string EncodeCheckpointEnd(uint64_t record_count) {
  std::string body;
  AppendInteger<uint64_t>(body, record_count);
  return body;
}

std::optional<uint64_t> DecodeCheckpointEnd(std::string_view body) {
  ByteReader reader(body);
  const uint64_t count = reader.Integer<uint64_t>();
  if (!reader.AtEnd()) return std::nullopt;
  return count;
}

}  // namespace mts::log
