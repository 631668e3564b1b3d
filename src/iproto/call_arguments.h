// Reads the arguments of calls. Order, number and types are those of the existing system's functions; trailing
// arguments may be missing, further ones are ignored, a string may come as binary, a number as floating point.
//
// Threading: pure functions. Errors: an Error with Tarantool's number and text (grpc_publish puts the text into its
// answer). Views point into the encoded arguments. Limits: none but
// the batch size's; names are not checked beyond their type.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "iproto/call_functions.h"
#include "iproto/error.h"

namespace mts::iproto {

template <typename T>
using Decoded = std::variant<T, Error>;

// ---- Publishing

struct PublishArguments {
  std::string_view subject;
  std::string_view object_name;
  std::string_view headers;  // encoded, empty for none (model/headers.h)
  std::string_view payload;
};

// grpc_publish, publish_message: (subject, object_name, headers). The Error has kFieldType.
Decoded<PublishArguments> DecodePublish(std::string_view arguments);
// grpc_publish_msgpack, publish_message_msgpack: (subject, data, headers[, object_name]). The payload may be empty.
Decoded<PublishArguments> DecodePublishMsgpack(std::string_view arguments);
// Rules of what is published that only this protocol has. INVALID_ARGUMENT.
absl::Status CheckPublish(Function function, const PublishArguments& arguments);

// ---- Reading

inline constexpr uint32_t kMaxFetchBatch = 10'000;

// (subject)
struct SubjectArgument {
  std::optional<std::string_view> subject;  // nothing: not given
};
Decoded<SubjectArgument> DecodeSubject(std::string_view arguments);

// grpc_fetch, grpc_fetch_msgpack, grpc_peek: (subject, durable_name, batch_size[, auto_ack])
struct FetchArguments {
  std::string_view subject;
  std::string_view durable_name;
  uint32_t batch_size = 0;  // at most kMaxFetchBatch; 0: answer nothing
  bool auto_ack = false;
};
Decoded<FetchArguments> DecodeFetch(std::string_view arguments);

// get_messages_by_subject: (subject, start_sequence, limit); the start itself belongs to the answer.
struct RangeArguments {
  std::string_view subject;
  uint64_t start_sequence = 0;
  uint32_t limit = 0;
};
Decoded<RangeArguments> DecodeRange(std::string_view arguments);

// get_message_by_sequence: (sequence)
Decoded<uint64_t> DecodeSequence(std::string_view arguments);

// ---- Consumers

struct ConsumerArguments {
  std::string_view durable_name;
  std::string_view subject;
};
// get_consumer_position: (durable_name, subject)
Decoded<ConsumerArguments> DecodeConsumer(std::string_view arguments);
// check_new_messages: (subject, consumer_group)
Decoded<ConsumerArguments> DecodeCheckNewMessages(std::string_view arguments);

// grpc_ack, update_consumer_position: (durable_name, subject, sequence)
struct PositionArguments {
  ConsumerArguments consumer;
  uint64_t sequence = 0;
  bool negative = false;
};
Decoded<PositionArguments> DecodeAck(std::string_view arguments);
Decoded<PositionArguments> DecodeUpdatePosition(std::string_view arguments);

// get_new_messages_count: (subject[, durable_name[, since_sequence]]); the name decides where both are given.
struct CountArguments {
  std::string_view subject;
  std::optional<std::string_view> durable_name;
  uint64_t since_sequence = 0;
};
Decoded<CountArguments> DecodeNewMessagesCount(std::string_view arguments);

// ---- Retention

// delete_old_messages: (ttl_seconds); not negative.
Decoded<int64_t> DecodeTtlMicros(std::string_view arguments);

}  // namespace mts::iproto
