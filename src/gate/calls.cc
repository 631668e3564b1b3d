#include "gate/calls.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "gate/consumer_pages.h"
#include "model/msgpack_writer.h"
#include "model/subject.h"

namespace mts::gate {
namespace {

using iproto::Function;
using iproto::MessageForm;

// A message in a reply without its payload mostly takes much less.
constexpr uint64_t kUsualMessageBytes = 4 * 1024;
constexpr uint64_t kReplyOverheadBytes = 64 * 1024;
// Longer payloads are left in the store where a reply does not show them; shorter ones are cheaper read than skipped.
constexpr uint64_t kSkippedPayloadBytes = 2 * 1024;

uint64_t BytesFor(uint32_t messages, bool with_payload) {
  if (with_payload) return kMaxReplyBytes;
  return std::min(kMaxReplyBytes, messages * kUsualMessageBytes + kReplyOverheadBytes);
}

std::string EmptyList() {
  std::string list;
  msgpack::AppendArray(list, 0);
  return list;
}

std::string Boolean(bool value) {
  std::string encoded;
  msgpack::AppendBool(encoded, value);
  return encoded;
}

std::string Number(uint64_t value) {
  std::string encoded;
  iproto::AppendNumber(encoded, value);
  return encoded;
}

void AppendSequence(std::string& to, Sequence last) { iproto::AppendNumber(to, last); }

// The arguments, or the reply is made.
template <typename T>
std::optional<T> Take(iproto::Decoded<T> decoded, Reply& reply) {
  if (T* arguments = std::get_if<T>(&decoded)) return std::move(*arguments);
  reply.Fail(std::get<iproto::Error>(decoded));
  return std::nullopt;
}

bool IsPossible(std::string_view subject_or_pattern) { return Pattern::Parse(subject_or_pattern).ok(); }

ConsumerId IdOf(const iproto::ConsumerArguments& consumer) {
  return {std::string(consumer.durable_name), std::string(consumer.subject)};
}

// False when the reply is made, because there can be no such consumer.
bool CheckDurableName(std::string_view durable_name, Reply& reply) {
  const absl::Status status = ValidateDurableName(durable_name);
  if (!status.ok()) reply.Fail(status);
  return status.ok();
}

std::string EncodeDeliveries(const broker::Deliveries& deliveries, MessageForm form) {
  std::string list;
  msgpack::AppendArray(list, deliveries.messages.size());
  for (const broker::Delivery& delivery : deliveries.messages) iproto::AppendMessage(list, delivery.message, form);
  return list;
}

std::string EncodeMessages(const store::MessageBlock& block, MessageForm form) {
  std::string list;
  msgpack::AppendArray(list, block.messages.size());
  for (const StoredMessage& message : block.messages) iproto::AppendMessage(list, message, form);
  return list;
}

}  // namespace

uint64_t Calls::MaxReplyBytes(Function function, std::string_view arguments) {
  switch (function) {
    case Function::kGrpcFetch:
    case Function::kGrpcPeek:
    case Function::kGrpcFetchMsgpack: {
      const auto decoded = iproto::DecodeFetch(arguments);
      const auto* fetch = std::get_if<iproto::FetchArguments>(&decoded);
      return fetch == nullptr ? 0 : BytesFor(fetch->batch_size, function == Function::kGrpcFetchMsgpack);
    }
    case Function::kGetMessagesBySubject: {
      const auto decoded = iproto::DecodeRange(arguments);
      const auto* range = std::get_if<iproto::RangeArguments>(&decoded);
      return range == nullptr ? 0 : BytesFor(range->limit, false);
    }
    case Function::kGetMessageBySequence:
    case Function::kGetMessageBySequenceDecoded:
    case Function::kGetConsumersBySubject:
    case Function::kDeleteOldMessages:
      return kMaxReplyBytes;
    default:
      return 0;
  }
}

void Calls::Call(Function function, std::string_view arguments, uint64_t max_reply_bytes, Reply reply) {
  switch (function) {
    case Function::kGrpcFetch:
      return Fetch(arguments, false, {}, max_reply_bytes, std::move(reply));
    case Function::kGrpcPeek:
      return Fetch(arguments, true, {}, max_reply_bytes, std::move(reply));
    case Function::kGrpcFetchMsgpack:
      return Fetch(arguments, false, {.as_map = true, .with_payload = true}, max_reply_bytes, std::move(reply));
    case Function::kGrpcAck:
      return Acknowledge(arguments, std::move(reply));
    case Function::kGrpcGetLastSequence:
      return Last(arguments, iproto::AppendLastSequence, std::move(reply));
    case Function::kGetLatestSequenceForSubject:
      return Last(arguments, AppendSequence, std::move(reply));
    case Function::kCheckNewMessages:
      return CheckNewMessages(arguments, std::move(reply));
    case Function::kGetNewMessagesCount:
      return CountNewMessages(arguments, std::move(reply));
    case Function::kGetSubjectMessageCount:
      return CountMessages(arguments, std::move(reply));
    case Function::kGetMessageBySequence:
      return GetMessage(arguments, {.with_payload = true}, std::move(reply));
    case Function::kGetMessageBySequenceDecoded:
      return GetMessage(arguments, {.as_map = true, .with_payload = true}, std::move(reply));
    case Function::kGetMessagesBySubject:
      return GetMessages(arguments, max_reply_bytes, std::move(reply));
    case Function::kGetConsumerPosition:
      return GetPosition(arguments, std::move(reply));
    case Function::kUpdateConsumerPosition:
      return UpdatePosition(arguments, std::move(reply));
    case Function::kGetConsumersBySubject:
      return ListConsumers(arguments, std::move(reply));
    case Function::kDeleteOldMessages:
      return DeleteOld(arguments, std::move(reply));
    case Function::kGrpcPublish:
    case Function::kPublishMessage:
    case Function::kPublishMessageMsgpack:
    case Function::kGrpcPublishMsgpack:
      return reply.Fail(absl::InternalError("publishing is not answered here"));
  }
}

// ---- Reading

void Calls::Fetch(std::string_view arguments, bool peek, MessageForm form, uint64_t max_bytes, Reply reply) {
  const auto fetch = Take(iproto::DecodeFetch(arguments), reply);
  if (!fetch || !CheckDurableName(fetch->durable_name, reply)) return;
  if (fetch->batch_size == 0 || !IsPossible(fetch->subject)) return reply.Value(EmptyList());
  broker::FetchOptions options;
  options.subject = fetch->subject;
  options.durable_name = fetch->durable_name;
  options.max_messages = fetch->batch_size;
  options.max_bytes = max_bytes;
  options.max_inline_bytes = form.with_payload ? limits::kInlineLimit : kSkippedPayloadBytes;
  options.auto_ack = fetch->auto_ack && !peek;
  options.load_payloads = false;
  broker_.fetcher().Fetch(std::move(options),
                          [form, reply = std::move(reply)](absl::StatusOr<broker::Deliveries> deliveries) mutable {
                            if (!deliveries.ok()) return reply.Fail(deliveries.status());
                            reply.Value(EncodeDeliveries(*deliveries, form));
                          });
}

void Calls::GetMessages(std::string_view arguments, uint64_t max_bytes, Reply reply) {
  const auto range = Take(iproto::DecodeRange(arguments), reply);
  if (!range) return;
  absl::StatusOr<Pattern> pattern = Pattern::Parse(range->subject);
  if (!pattern.ok() || range->limit == 0) return reply.Value(EmptyList());
  store::ReadRequest request;
  request.pattern = *std::move(pattern);
  request.after = Sequence(range->start_sequence == 0 ? 0 : range->start_sequence - 1);
  request.max_messages = range->limit;
  request.max_bytes = max_bytes;
  request.max_inline_bytes = kSkippedPayloadBytes;
  messages_.Read(std::move(request), [reply = std::move(reply)](absl::StatusOr<store::MessageBlockPtr> block) mutable {
    if (!block.ok()) return reply.Fail(block.status());
    reply.Value(EncodeMessages(**block, {}));
  });
}

void Calls::GetMessage(std::string_view arguments, MessageForm form, Reply reply) {
  const auto sequence = Take(iproto::DecodeSequence(arguments), reply);
  if (!sequence) return;
  auto answer = [form, reply = std::move(reply)](absl::StatusOr<store::MessageBlockPtr> block) mutable {
    const bool gone = absl::IsNotFound(block.status()) || (block.ok() && (*block)->messages.empty());
    if (!gone && !block.ok()) return reply.Fail(block.status());
    std::string value;
    if (!gone) {
      iproto::AppendMessage(value, (*block)->messages.front(), form);
    } else if (form.as_map) {
      msgpack::AppendNil(value);
    }
    reply.Values(value.empty() ? 0 : 1, value);
  };
  messages_.ReadOne({}, Sequence(*sequence), messages_.inline_limit(), std::move(answer));
}

void Calls::CountMessages(std::string_view arguments, Reply reply) {
  const auto argument = Take(iproto::DecodeSubject(arguments), reply);
  if (!argument) return;
  absl::StatusOr<Pattern> pattern = Pattern::Parse(argument->subject.value_or(""));
  if (!pattern.ok()) return reply.Value(Number(0));
  messages_.CountAfter(*pattern, kNoSequence, [reply = std::move(reply)](absl::StatusOr<uint64_t> count) mutable {
    if (!count.ok()) return reply.Fail(count.status());
    reply.Value(Number(*count));
  });
}

// ---- News

void Calls::Last(std::string_view arguments, LastReply append, Reply reply) {
  const auto argument = Take(iproto::DecodeSubject(arguments), reply);
  if (!argument) return;
  auto answer = [append, reply = std::move(reply)](absl::StatusOr<Sequence> last) mutable {
    if (!last.ok()) return reply.Fail(last.status());
    std::string value;
    append(value, *last);
    reply.Value(value);
  };
  absl::StatusOr<Pattern> pattern = Pattern::Parse(argument->subject.value_or(""));
  if (!pattern.ok()) return answer(kNoSequence);
  messages_.Last(*pattern, std::move(answer));
}

void Calls::LookAt(const iproto::ConsumerArguments& consumer, Reply reply, LookedAt done) {
  absl::StatusOr<Pattern> pattern = Pattern::Parse(consumer.subject);
  if (!pattern.ok()) return done(kNoSequence, kNoSequence, std::move(reply));
  ConsumerId id = IdOf(consumer);
  // The position first: a position is never past what is seen afterwards.
  auto on_position = [this, pattern = *std::move(pattern), reply = std::move(reply),
                      done = std::move(done)](absl::StatusOr<std::optional<Sequence>> position) mutable {
    if (!position.ok()) return reply.Fail(position.status());
    messages_.Last(pattern, [position = position->value_or(kNoSequence), reply = std::move(reply),
                             done = std::move(done)](absl::StatusOr<Sequence> last) mutable {
      if (!last.ok()) return reply.Fail(last.status());
      done(*last, position, std::move(reply));
    });
  };
  messages_.Position(id, std::move(on_position));
}

void Calls::CheckNewMessages(std::string_view arguments, Reply reply) {
  const auto consumer = Take(iproto::DecodeCheckNewMessages(arguments), reply);
  if (!consumer || !CheckDurableName(consumer->durable_name, reply)) return;
  LookAt(*consumer, std::move(reply), [](Sequence last, Sequence position, Reply reply) {
    std::string value;
    iproto::AppendNewMessages(value, last, position);
    reply.Value(value);
  });
}

void Calls::CountNewMessages(std::string_view arguments, Reply reply) {
  const auto count = Take(iproto::DecodeNewMessagesCount(arguments), reply);
  if (!count) return;
  if (count->durable_name) {
    if (!CheckDurableName(*count->durable_name, reply)) return;
    return LookAt(
        {*count->durable_name, count->subject}, std::move(reply),
        [](Sequence last, Sequence position, Reply reply) { reply.Value(Number(iproto::NewCount(last, position))); });
  }
  absl::StatusOr<Pattern> pattern = Pattern::Parse(count->subject);
  if (!pattern.ok()) return reply.Value(Number(0));
  messages_.Last(*pattern, [since = Sequence(count->since_sequence),
                            reply = std::move(reply)](absl::StatusOr<Sequence> last) mutable {
    if (!last.ok()) return reply.Fail(last.status());
    reply.Value(Number(iproto::NewCount(*last, since)));
  });
}

// ---- Consumers

void Calls::Acknowledge(std::string_view arguments, Reply reply) {
  const auto ack = Take(iproto::DecodeAck(arguments), reply);
  if (!ack || !CheckDurableName(ack->consumer.durable_name, reply)) return;
  if (ack->negative || !IsPossible(ack->consumer.subject)) return reply.Value(Boolean(false));
  ConsumerId id = IdOf(ack->consumer);
  auto on_position = [this, id, to = Sequence(ack->sequence),
                      reply = std::move(reply)](absl::StatusOr<std::optional<Sequence>> position) mutable {
    if (!position.ok()) return reply.Fail(position.status());
    if (to <= position->value_or(kNoSequence)) return reply.Value(Boolean(false));
    broker_.consumers().Acknowledge(std::move(id), to, [reply = std::move(reply)](absl::StatusOr<Sequence> at) mutable {
      if (!at.ok() && !absl::IsOutOfRange(at.status())) return reply.Fail(at.status());
      reply.Value(Boolean(at.ok()));
    });
  };
  messages_.Position(id, std::move(on_position));
}

void Calls::GetPosition(std::string_view arguments, Reply reply) {
  const auto consumer = Take(iproto::DecodeConsumer(arguments), reply);
  if (!consumer || !CheckDurableName(consumer->durable_name, reply)) return;
  if (!IsPossible(consumer->subject)) return reply.Value(Number(0));
  messages_.Position(IdOf(*consumer),
                     [reply = std::move(reply)](absl::StatusOr<std::optional<Sequence>> position) mutable {
                       if (!position.ok()) return reply.Fail(position.status());
                       reply.Value(Number(position->value_or(kNoSequence).value()));
                     });
}

// The explicit reset of promise P4: as told, also back, but never past the last visible message.
void Calls::UpdatePosition(std::string_view arguments, Reply reply) {
  const auto update = Take(iproto::DecodeUpdatePosition(arguments), reply);
  if (!update || !CheckDurableName(update->consumer.durable_name, reply)) return;
  if (!IsPossible(update->consumer.subject)) return reply.Value(Boolean(false));
  messages_.Reset(IdOf(update->consumer), Sequence(update->sequence),
                  [reply = std::move(reply)](absl::StatusOr<Sequence> at) mutable {
                    if (!at.ok() && !absl::IsOutOfRange(at.status())) return reply.Fail(at.status());
                    reply.Value(Boolean(at.ok()));
                  });
}

void Calls::ListConsumers(std::string_view arguments, Reply reply) {
  const auto argument = Take(iproto::DecodeSubject(arguments), reply);
  if (!argument) return;
  if (argument->subject && !IsPossible(*argument->subject)) return reply.Value(EmptyList());
  struct List {
    std::string encoded;
    uint32_t count = 0;
  };
  auto list = std::make_shared<List>();
  const auto take = [list](const ConsumerState& consumer) -> absl::Status {
    iproto::AppendConsumer(list->encoded, consumer.id.durable_name, consumer.id.subject, consumer.position);
    ++list->count;
    if (list->encoded.size() <= kMaxReplyBytes) return absl::OkStatus();
    return absl::ResourceExhaustedError("there are too many consumers for one answer");
  };
  ConsumerPages::ForEach(messages_, std::string(argument->subject.value_or("")), take,
                         [list, reply = std::move(reply)](absl::Status status) mutable {
                           if (!status.ok()) return reply.Fail(status);
                           std::string value;
                           msgpack::AppendArray(value, list->count);
                           value += list->encoded;
                           reply.Value(value);
                         });
}

// ---- Retention

struct Calls::Removal {
  explicit Removal(Reply to) : reply(std::move(to)) {}

  Reply reply;
  int64_t max_age_micros = 0;
  store::MessageBlockPtr old;
};

void Calls::DeleteOld(std::string_view arguments, Reply reply) {
  const auto ttl = Take(iproto::DecodeTtlMicros(arguments), reply);
  if (!ttl) return;
  auto removal = std::make_shared<Removal>(std::move(reply));
  removal->max_age_micros = std::max<int64_t>(*ttl, 1);
  messages_.LastBefore(Timestamp(clock_.Now().value() - removal->max_age_micros),
                       [this, removal](absl::StatusOr<Sequence> last) {
                         if (!last.ok()) return removal->reply.Fail(last.status());
                         ListOld(removal, *last);
                       });
}

void Calls::ListOld(std::shared_ptr<Removal> removal, Sequence last_old) {
  store::ReadRequest request;
  request.max_messages = iproto::kMaxFetchBatch;
  request.max_bytes = kMaxReplyBytes;
  request.max_inline_bytes = kSkippedPayloadBytes;
  messages_.Read(std::move(request), [this, removal, last_old](absl::StatusOr<store::MessageBlockPtr> block) {
    if (!block.ok()) return removal->reply.Fail(block.status());
    std::vector<StoredMessage>& messages = (*block)->messages;
    while (!messages.empty() && messages.back().sequence > last_old) messages.pop_back();
    removal->old = *std::move(block);
    ExpireOld(removal);
  });
}

void Calls::ExpireOld(std::shared_ptr<Removal> removal) {
  Retention retention;
  retention.max_age_micros = removal->max_age_micros;
  messages_.Expire(retention, [this, removal](absl::StatusOr<bool> more) {
    if (!more.ok()) return removal->reply.Fail(more.status());
    AnswerRemoved(removal);
  });
}

// What is gone is what was listed and comes before the first message that remains.
void Calls::AnswerRemoved(std::shared_ptr<Removal> removal) {
  store::ReadRequest request;
  request.max_messages = 1;
  request.max_inline_bytes = 0;
  messages_.Read(std::move(request), [removal](absl::StatusOr<store::MessageBlockPtr> block) {
    if (!block.ok()) return removal->reply.Fail(block.status());
    const Sequence first = (*block)->messages.empty() ? kMaxSequence : (*block)->messages.front().sequence;
    std::string list;
    uint32_t count = 0;
    for (const StoredMessage& message : removal->old->messages) {
      if (message.sequence >= first) break;
      iproto::AppendRemoved(list, message);
      ++count;
    }
    std::string values = Number(count);
    msgpack::AppendArray(values, count);
    values += list;
    removal->reply.Values(2, values);
  });
}

}  // namespace mts::gate
