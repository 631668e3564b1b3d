#include "broker/publish_validation.h"

#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "base/text.h"
#include "model/headers.h"
#include "model/subject.h"

namespace mts::broker {
namespace {

absl::Status TooLarge(std::string_view what, uint64_t size, uint64_t limit) {
  return absl::InvalidArgumentError(Concat(what, " has ", size, " bytes, at most ", limit, " are allowed"));
}

// Everything but the subject and the payload.
absl::Status ValidateAttributes(const NewMessage& message, const Limits& limits) {
  if (!message.headers.empty()) {
    if (message.headers.size() > limits.max_header_bytes) {
      return TooLarge("headers", message.headers.size(), limits.max_header_bytes);
    }
    MTS_RETURN_IF_ERROR(ValidateEncodedHeaders(message.headers));
  }
  if (message.message_id.size() > limits::kMaxMessageIdBytes) {
    return TooLarge("message_id", message.message_id.size(), limits::kMaxMessageIdBytes);
  }
  if (message.ttl_micros) return absl::UnimplementedError("ttl is not supported yet");
  return absl::OkStatus();
}

absl::Status ValidatePayload(const NewMessage& message, const Limits& limits) {
  if (message.payload.size() > limits.max_message_bytes) {
    return absl::InvalidArgumentError(Concat("message has ", message.payload.size(), " bytes, at most ",
                                             limits.max_message_bytes, " are allowed; use Upload"));
  }
  return absl::OkStatus();
}

// `expected_last_sequence` may be given once a subject.
Validation ValidateConditions(absl::Span<const NewMessage> batch) {
  absl::flat_hash_set<std::string_view> subjects;
  for (uint32_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].expected_last_sequence) continue;
    if (!subjects.insert(batch[i].subject).second) {
      return {absl::InvalidArgumentError("expected_last_sequence may be given once a subject in a batch"), i};
    }
  }
  return {};
}

}  // namespace

absl::Status ValidateMessageFrame(const NewMessage& message, const Limits& limits) {
  MTS_RETURN_IF_ERROR(ValidateSubject(message.subject));
  return ValidateAttributes(message, limits);
}

absl::Status ValidateMessage(const NewMessage& message, const Limits& limits) {
  MTS_RETURN_IF_ERROR(ValidateMessageFrame(message, limits));
  return ValidatePayload(message, limits);
}

Validation ValidateBatch(absl::Span<const NewMessage> batch, const Limits& limits) {
  if (batch.empty()) return {absl::InvalidArgumentError("a batch needs at least one message"), std::nullopt};
  if (batch.size() > limits.max_batch_messages) {
    return {absl::InvalidArgumentError(
                Concat("batch has ", batch.size(), " messages, at most ", limits.max_batch_messages, " are allowed")),
            std::nullopt};
  }
  uint64_t bytes = 0;
  bool conditions = false;
  std::string_view valid_subject;  // of the message before; batches often have one subject
  for (uint32_t i = 0; i < batch.size(); ++i) {
    const NewMessage& message = batch[i];
    if (message.subject != valid_subject || message.subject.empty()) {
      if (absl::Status status = ValidateSubject(message.subject); !status.ok()) return {std::move(status), i};
      valid_subject = message.subject;
    }
    absl::Status status = ValidateAttributes(message, limits);
    if (status.ok()) status = ValidatePayload(message, limits);
    if (!status.ok()) return {std::move(status), i};
    bytes += message.subject.size() + message.headers.size() + message.payload.size();
    if (bytes > limits.max_batch_bytes) {
      return {absl::InvalidArgumentError(Concat("batch has more than ", limits.max_batch_bytes, " bytes")), i};
    }
    conditions |= message.expected_last_sequence.has_value();
  }
  return conditions ? ValidateConditions(batch) : Validation{};
}

}  // namespace mts::broker
