// The bytes of docs/log_format.md: headers of segments, groups and records, and the bodies of records.
//
// Threading: pure functions and values. Errors: a decoder answers nothing (std::nullopt) or DATA_LOSS for bytes that
// are not what they should be and never reads past its input; FAILED_PRECONDITION for a version from the future.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/consumer.h"
#include "model/message.h"
#include "model/payload.h"
#include "model/sequence.h"

namespace mts::log {

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint64_t kSegmentHeaderBytes = 4096;
inline constexpr uint64_t kGroupHeaderBytes = 72;
inline constexpr uint64_t kRecordHeaderBytes = 32;
inline constexpr uint64_t kMessageBodyFixedBytes = 16;
inline constexpr uint64_t kAlignment = 8;

struct SegmentNumberTag {};
using SegmentNumber = StrongType<SegmentNumberTag, uint64_t>;
struct GroupNumberTag {};
using GroupNumber = StrongType<GroupNumberTag, uint64_t>;

// A place in the log.
struct LogPosition {
  SegmentNumber segment;
  uint64_t offset = 0;
  auto operator<=>(const LogPosition&) const = default;
};

enum class RecordType : uint8_t {
  kMessage = 1,
  kPosition = 2,
  kConsumerDeleted = 3,
  kConsumerSettings = 4,
  kAcknowledged = 5,
  kRejected = 6,
  kRetentionRule = 7,
  kTrim = 8,
  kPayloadRemoval = 9,
  kPayloadsRemoved = 10,
  kScheduled = 11,
  kScheduleEnded = 12,
  kDeleted = 13,
  kReservation = 14,
  kSeal = 15,
  kLost = 16,
  kCheckpointSubject = 64,
  kCheckpointDeduplication = 65,
  kCheckpointSegment = 66,
  kCheckpointEnd = 67,
};
inline constexpr uint8_t kRecordSkippable = 1;

// True for the types above.
bool IsKnownRecordType(uint8_t type);

struct SegmentHeader {
  uint64_t identity = 0;
  SegmentNumber number;
  Sequence first_sequence;
  uint64_t capacity = 0;
  Timestamp opened;
  GroupNumber first_group;
};
std::string EncodeSegmentHeader(const SegmentHeader& header);  // kSegmentHeaderBytes long
absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

struct GroupHeader {
  uint64_t identity = 0;
  uint64_t offset = 0;
  GroupNumber number;
  uint32_t length = 0;  // of the records, bytes
  uint32_t record_count = 0;
  LogPosition synced_through;
  Timestamp time;
  Sequence last_sequence;
};
void EncodeGroupHeader(const GroupHeader& header, char* to);  // kGroupHeaderBytes
// Nothing unless magic, checksum, identity and offset are right.
std::optional<GroupHeader> DecodeGroupHeader(std::string_view bytes, uint64_t identity, uint64_t offset);

struct RecordHeader {
  uint32_t body_length = 0;
  RecordType type = RecordType::kMessage;  // may hold a value that IsKnownRecordType denies
  uint8_t flags = 0;
  uint32_t body_crc = 0;
  Sequence sequence;
  Timestamp time;

  // Header, body and padding.
  uint64_t TotalBytes() const;
};
void EncodeRecordHeader(const RecordHeader& header, uint64_t identity, char* to);  // kRecordHeaderBytes
// The same in two steps, for records that are encoded before their sequence is known.
void EncodeUnfinishedRecordHeader(const RecordHeader& header, char* to);
void FinishRecordHeader(Sequence sequence, Timestamp time, uint64_t identity, char* header);
std::optional<RecordHeader> DecodeRecordHeader(std::string_view bytes, uint64_t identity);

// Appends header, body and padding in one go; for records other than messages.
void AppendRecord(std::string& to, RecordType type, uint8_t flags, std::string_view body, Sequence sequence,
                  Timestamp time, uint64_t identity);

// ---- Message body. Bytes of everything but the 16 fixed ones.
uint64_t MessageBodyBytes(const NewMessage& message);
// Writes the body at `to` (MessageBodyBytes long) and answers its crc.
uint32_t EncodeMessageBody(const NewMessage& message, char* to);

struct MessageBody {
  std::string_view subject;
  std::string_view message_id;
  std::string_view headers;
  std::optional<PayloadReference> reference;
  std::optional<int64_t> ttl_micros;
  std::string_view payload;
  uint64_t size = 0;  // of the payload, also by reference
};
std::optional<MessageBody> DecodeMessageBody(std::string_view body);
// Of a body whose first `prefix` bytes were read (its fixed part at least): where the payload begins within the body.
std::optional<uint64_t> PayloadOffset(std::string_view prefix);

std::string EncodeReference(const PayloadReference& reference);
std::optional<PayloadReference> DecodeReference(std::string_view bytes);

// ---- The other bodies
struct PositionBody {
  ConsumerId id;
  Sequence position;
  bool reset = false;
};
std::string EncodePosition(const PositionBody& body);
std::optional<PositionBody> DecodePosition(std::string_view body);

std::string EncodeConsumerDeleted(const ConsumerId& id);
std::optional<ConsumerId> DecodeConsumerDeleted(std::string_view body);

struct TrimBody {
  SegmentNumber first_segment;
  Sequence first_sequence;
};
std::string EncodeTrim(const TrimBody& body);
std::optional<TrimBody> DecodeTrim(std::string_view body);

std::string EncodePayloadRemoval(const std::vector<PayloadReference>& references);
std::optional<std::vector<PayloadReference>> DecodePayloadRemoval(std::string_view body);
std::string EncodePayloadsRemoved(GroupNumber removal_group);
std::optional<GroupNumber> DecodePayloadsRemoved(std::string_view body);

std::string EncodeReservation(Sequence through);
std::optional<Sequence> DecodeReservation(std::string_view body);

struct SealBody {
  uint64_t messages = 0;
  Sequence first;
  Sequence last;
};
std::string EncodeSeal(const SealBody& body);
std::optional<SealBody> DecodeSeal(std::string_view body);

// ---- Names of files
std::string SegmentFileName(SegmentNumber number);
std::string IndexFileName(SegmentNumber number);
std::optional<SegmentNumber> ParseSegmentFileName(std::string_view name);
std::optional<SegmentNumber> ParseIndexFileName(std::string_view name);

}  // namespace mts::log
