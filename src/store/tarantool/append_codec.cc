#include "store/tarantool/append_codec.h"

#include <utility>

#include "base/status.h"
#include "model/msgpack_writer.h"
#include "store/tarantool/answer.h"

namespace mts::store {
namespace {

// Of a message besides its texts and bytes, at most.
constexpr size_t kMessageOverhead = 80;

size_t SizeOf(const NewMessage& message) {
  return message.subject.size() + message.headers.size() + message.message_id.size() + message.payload.size() +
         (message.reference != nullptr ? message.reference->key.size() : 0) + kMessageOverhead;
}

void AppendPayload(std::string& to, const NewMessage& message) {
  if (message.reference == nullptr) {
    msgpack::AppendUnsigned(to, static_cast<uint64_t>(PayloadKind::kInline));
    msgpack::AppendBinary(to, message.payload);
    return;
  }
  const PayloadReference& reference = *message.reference;
  msgpack::AppendUnsigned(to, static_cast<uint64_t>(reference.kind));
  msgpack::AppendText(to, reference.key);
  if (reference.kind == PayloadKind::kNamed) return;
  msgpack::AppendUnsigned(to, reference.offset);
  msgpack::AppendUnsigned(to, reference.size);
  msgpack::AppendUnsigned(to, reference.crc32c);
}

void AppendMessage(std::string& to, const NewMessage& message) {
  const bool has_place = message.reference != nullptr && message.reference->kind != PayloadKind::kNamed;
  msgpack::AppendArray(to, has_place ? 9 : 6);
  msgpack::AppendText(to, message.subject);
  if (message.headers.empty()) {
    msgpack::AppendNil(to);
  } else {
    to += message.headers;
  }
  if (message.message_id.empty()) {
    msgpack::AppendNil(to);
  } else {
    msgpack::AppendText(to, message.message_id);
  }
  if (message.expected_last_sequence.has_value()) {
    msgpack::AppendUnsigned(to, message.expected_last_sequence->value());
  } else {
    msgpack::AppendNil(to);
  }
  AppendPayload(to, message);
}

bool DecodeOutcome(AnswerReader result, AppendOutcome& outcome) {
  const uint64_t code = result.Unsigned();
  if (code != 0) {
    outcome.status = StatusOfRefusal(code, result.OptionalText().value_or("refused"));
    const std::optional<uint64_t> position = result.OptionalUnsigned();
    if (position.has_value()) outcome.refused_position = static_cast<uint32_t>(*position);
    return result.ok();
  }
  outcome.result.first = Sequence(result.Unsigned());
  outcome.result.last = Sequence(result.Unsigned());
  AnswerReader duplicates = result.Array();
  while (duplicates.left() > 0) {
    const auto position = static_cast<uint32_t>(duplicates.Unsigned());
    outcome.result.duplicates.push_back({position, Sequence(duplicates.Unsigned())});
  }
  return result.ok() && duplicates.ok();
}

}  // namespace

std::string EncodeBatch(absl::Span<const NewMessage> batch) {
  size_t size = 5;
  for (const NewMessage& message : batch) size += SizeOf(message);
  std::string encoded;
  encoded.reserve(size);
  msgpack::AppendArray(encoded, batch.size());
  for (const NewMessage& message : batch) AppendMessage(encoded, message);
  return encoded;
}

std::string EncodeAppend(const std::vector<EncodedBatch>& batches, std::string_view caller, uint64_t call) {
  size_t size = caller.size() + 32;
  for (const EncodedBatch& batch : batches) size += batch.messages.size() + 10;
  std::string encoded;
  encoded.reserve(size);
  msgpack::AppendArray(encoded, 3);
  msgpack::AppendArray(encoded, batches.size());
  for (const EncodedBatch& batch : batches) {
    msgpack::AppendArray(encoded, 2);
    msgpack::AppendUnsigned(encoded, batch.stream);
    encoded += batch.messages;
  }
  msgpack::AppendText(encoded, caller);
  msgpack::AppendUnsigned(encoded, call);
  return encoded;
}

absl::StatusOr<std::vector<AppendOutcome>> DecodeAppend(std::string_view data, size_t count) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  AnswerReader results = answer.Array();
  if (!answer.ok() || results.left() != count) return UnreadableAnswer();
  std::vector<AppendOutcome> outcomes(count);
  for (AppendOutcome& outcome : outcomes) {
    const AnswerReader result = results.Array();
    if (!DecodeOutcome(result, outcome)) return UnreadableAnswer();
  }
  return outcomes;
}

}  // namespace mts::store
