// The records that only checkpoints have: bodies of the types 64 to 67, and the checkpoint's header.
//
// Threading: pure functions. Errors: decoders answer nothing for bytes that are not what they should be;
// FAILED_PRECONDITION for a version from the future.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "log/checkpoint.h"
#include "log/deduplication.h"
#include "log/format.h"
#include "log/segment_set.h"
#include "store/message_store.h"

namespace mts::log {

inline constexpr uint64_t kCheckpointHeaderBytes = 72;

struct CheckpointHeader {
  uint64_t identity = 0;
  uint64_t number = 0;
  LogPosition position;
  Sequence last_sequence;
  GroupNumber next_group;
  Timestamp last_time;
};
std::string EncodeCheckpointHeader(const CheckpointHeader& header);
absl::StatusOr<CheckpointHeader> DecodeCheckpointHeader(std::string_view bytes);

// Into `body`, which is emptied first: a checkpoint has many records and needs one buffer.
void EncodeSubject(const store::SubjectState& state, std::string& body);
std::optional<store::SubjectState> DecodeSubject(std::string_view body);

struct DeduplicationBody {
  DeduplicationKey key;
  Sequence sequence;
  int64_t age_micros = 0;
};
void EncodeDeduplication(const DeduplicationBody& entry, std::string& body);
std::optional<DeduplicationBody> DecodeDeduplication(std::string_view body);

void EncodeSegmentSummary(const SegmentSummary& summary, std::string& body);
std::optional<SegmentSummary> DecodeSegmentSummary(std::string_view body);

std::string EncodeCheckpointEnd(uint64_t record_count);
std::optional<uint64_t> DecodeCheckpointEnd(std::string_view body);

}  // namespace mts::log
