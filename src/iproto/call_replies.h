// Writes the answers of calls, one msgpack value each. Sequences and times are full width (0xCF), status_code is 0xD3,
// so that clients which expect fixed types find them; error_message is there, and nil when nothing is wrong.
//
// Threading: pure functions; each appends to a string of the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/clock.h"
#include "iproto/error.h"
#include "model/message.h"
#include "model/sequence.h"

namespace mts::iproto {

// The status_code of arguments that have a wrong type; all other refusals have the canonical code (3, 8, 14, ...).
inline constexpr int64_t kStatusWrongType = 1;

// {sequence, status_code, error_message}
void AppendPublished(std::string& to, Sequence sequence);
void AppendPublishRefused(std::string& to, int64_t status_code, std::string_view error_message);
void AppendPublishRefused(std::string& to, const absl::Status& status);

// {last_sequence}
void AppendLastSequence(std::string& to, Sequence sequence);

// {has_new, latest_sequence, consumer_position, new_count}
void AppendNewMessages(std::string& to, Sequence latest, Sequence position);

// How many numbers lie between; 0 when there is nothing new.
uint64_t NewCount(Sequence latest, Sequence position);

void AppendNumber(std::string& to, uint64_t number);
void AppendNumber(std::string& to, Sequence sequence);

// How a message is shown.
struct MessageForm {
  bool as_map = false;  // {sequence, headers, ...} in place of [sequence, headers, object_name, subject, create_at]
  bool with_payload = false;  // data_msgpack, sixth: where the message holds its payload itself
};
void AppendMessage(std::string& to, const StoredMessage& message, MessageForm form);

// [durable_name, subject, last_sequence]
void AppendConsumer(std::string& to, std::string_view durable_name, std::string_view subject, Sequence position);

// {sequence, subject, object_name}
void AppendRemoved(std::string& to, const StoredMessage& message);

// Rewrites the values of a call's answer as the older request (call_16) has them: each becomes a tuple. Answers their
// number.
uint32_t AppendAsTuples(std::string& to, uint32_t count, std::string_view values);

}  // namespace mts::iproto
