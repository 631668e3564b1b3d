// The spaces, indexes and fields of SCHEMA.md. Their numbers are looked up by name, so that a schema that was upgraded
// may have others.
//
// Threading: the transaction thread. Errors: NOT_FOUND where the schema is not there.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "tarantool/src/box.h"

namespace mts::tarantool {

struct Spaces {
  static absl::StatusOr<Spaces> LookUp();

  uint32_t message = 0;
  uint32_t consumers = 0;
  uint32_t subject = 0;
  uint32_t message_id = 0;
  uint32_t append_call = 0;
  uint32_t sequence_id = 0;        // of message_sequence
  std::optional<uint32_t> quorum;  // in a replica set

  IndexId messages;              // message.primary
  IndexId messages_of_subject;   // message.subject_sequence
  IndexId messages_of_object;    // message.object_name
  IndexId consumer;              // consumers.primary
  IndexId consumers_by_subject;  // consumers.subject_durable
  IndexId subjects;              // subject.primary
  IndexId message_ids;           // message_id.primary
  IndexId message_ids_by_age;    // message_id.sequence
  IndexId append_calls;          // append_call.primary
  IndexId append_calls_by_time;  // append_call.time
};

namespace field {
// Of message: see row.h. Counted from 0.
inline constexpr uint32_t kSequence = 0;
inline constexpr uint32_t kObjectName = 2;
inline constexpr uint32_t kMessageSubject = 3;
inline constexpr uint32_t kTime = 6;
inline constexpr uint32_t kSize = 7;
inline constexpr uint32_t kKind = 8;
inline constexpr uint32_t kOffset = 9;

inline constexpr uint32_t kDurableName = 0;
inline constexpr uint32_t kConsumerSubject = 1;
inline constexpr uint32_t kPosition = 2;
inline constexpr uint32_t kActiveTime = 3;

inline constexpr uint32_t kSubjectName = 0;
inline constexpr uint32_t kSubjectLast = 1;
inline constexpr uint32_t kSubjectLastTime = 2;
inline constexpr uint32_t kSubjectMessages = 3;
inline constexpr uint32_t kSubjectBytes = 4;

inline constexpr uint32_t kIdSubject = 0;
inline constexpr uint32_t kId = 1;
inline constexpr uint32_t kIdSequence = 2;
inline constexpr uint32_t kIdTime = 3;

inline constexpr uint32_t kCaller = 0;
inline constexpr uint32_t kCallSlot = 1;
inline constexpr uint32_t kCallNumber = 2;
inline constexpr uint32_t kCallTime = 3;
inline constexpr uint32_t kCallResults = 4;
}  // namespace field

}  // namespace mts::tarantool
