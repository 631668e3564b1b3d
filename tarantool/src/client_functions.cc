#include "tarantool/src/client_functions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "iproto/call_arguments.h"
#include "iproto/call_replies.h"
#include "model/msgpack_writer.h"
#include "tarantool/src/append.h"
#include "tarantool/src/consumers.h"
#include "tarantool/src/reading.h"
#include "tarantool/src/retention.h"

namespace mts::tarantool {
namespace {

using iproto::Decoded;
using iproto::Error;
using iproto::Function;
using iproto::MessageForm;
using Reply = std::variant<ClientReply, Error>;

constexpr uint64_t kMaxReplyBytes = 4 * 1024 * 1024;

Reply Value(std::string encoded) { return ClientReply{1, std::move(encoded)}; }
Reply Fail(const absl::Status& status) { return iproto::ErrorOf(status); }

Reply Boolean(bool value) {
  std::string encoded;
  msgpack::AppendBool(encoded, value);
  return Value(std::move(encoded));
}

Reply Number(uint64_t number) {
  std::string encoded;
  iproto::AppendNumber(encoded, number);
  return Value(std::move(encoded));
}

Reply List(uint64_t count, std::string_view elements) {
  std::string encoded;
  msgpack::AppendArray(encoded, count);
  encoded += elements;
  return Value(std::move(encoded));
}

std::optional<Pattern> PatternOf(std::string_view text) {
  absl::StatusOr<Pattern> pattern = Pattern::Parse(text);
  if (!pattern.ok()) return std::nullopt;
  return *std::move(pattern);
}

ConsumerId IdOf(const iproto::ConsumerArguments& consumer) {
  return {std::string(consumer.durable_name), std::string(consumer.subject)};
}

void AppendRow(std::string& to, const Row& row, MessageForm form) {
  StoredMessage message = row.message;
  if (row.kind != PayloadKind::kInline) message.reference = row.Reference();
  iproto::AppendMessage(to, message, form);
}

// The decoded arguments go to `answer`, an error becomes the reply.
template <typename T, typename Answer>
Reply With(Decoded<T> decoded, Answer answer) {
  if (const Error* error = std::get_if<Error>(&decoded)) return *error;
  return answer(std::get<T>(decoded));
}

// ---- Publishing

AppendResult PublishOne(Instance& instance, Function function, const iproto::PublishArguments& arguments) {
  if (const absl::Status status = iproto::CheckPublish(function, arguments); !status.ok()) {
    return AppendResult::Refused(status);
  }
  std::vector<AppendBatch> batches(1);
  NewRow& row = batches[0].messages.emplace_back().row;
  row.subject = arguments.subject;
  row.headers = arguments.headers;
  row.payload = arguments.payload;
  row.object_name = arguments.object_name;
  if (!row.object_name.empty()) row.kind = PayloadKind::kNamed;
  return std::move(Append(instance, batches)[0]);
}

Reply Publish(Instance& instance, Function function, std::string_view arguments) {
  const bool msgpack_form = function == Function::kPublishMessageMsgpack || function == Function::kGrpcPublishMsgpack;
  const bool answers_map = function == Function::kGrpcPublish || function == Function::kGrpcPublishMsgpack;
  const auto decoded = msgpack_form ? iproto::DecodePublishMsgpack(arguments) : iproto::DecodePublish(arguments);
  std::string map;
  if (const Error* error = std::get_if<Error>(&decoded)) {
    if (!answers_map) return *error;
    iproto::AppendPublishRefused(map, iproto::kStatusWrongType, error->text);
    return Value(std::move(map));
  }
  const AppendResult result = PublishOne(instance, function, std::get<iproto::PublishArguments>(decoded));
  if (!answers_map) return result.status.ok() ? Number(result.first.value()) : Fail(result.status);
  if (result.status.ok()) {
    iproto::AppendPublished(map, result.first);
  } else {
    iproto::AppendPublishRefused(map, result.status);
  }
  return Value(std::move(map));
}

// ---- Reading

struct Found {
  uint64_t count = 0;
  std::string messages;
  Sequence last;
};

// A pattern is looked for in steps; the first that finds something is answered.
Found FindMessages(Instance& instance, const Pattern& pattern, ReadLimits limits, MessageForm form) {
  Found found;
  limits.max_bytes = kMaxReplyBytes;
  limits.max_inline_bytes = form.with_payload ? kMaxInlineBytes : 0;
  while (true) {
    const ReadOutcome outcome = ReadMessages(instance, pattern, limits, [&](const Row& row, std::string_view) {
      AppendRow(found.messages, row, form);
      found.last = row.message.sequence;
      ++found.count;
    });
    if (!outcome.more || found.count > 0) return found;
    limits.after = outcome.scanned_through;
    fiber_sleep(0);
    if (fiber_is_cancelled()) return found;
  }
}

Reply Fetch(Instance& instance, const iproto::FetchArguments& fetch, bool auto_ack, MessageForm form) {
  const ConsumerId id{std::string(fetch.durable_name), std::string(fetch.subject)};
  if (const absl::Status status = ValidateDurableName(id.durable_name); !status.ok()) return Fail(status);
  const std::optional<Pattern> pattern = PatternOf(id.subject);
  if (!pattern || fetch.batch_size == 0) return List(0, {});
  ReadLimits limits;
  limits.after = PositionOf(instance, id).value_or(kNoSequence);
  limits.max_messages = fetch.batch_size;
  const Found found = FindMessages(instance, *pattern, limits, form);
  if (auto_ack && found.count > 0) {
    const absl::StatusOr<Sequence> position = AdvanceConsumer(instance, id, found.last);
    if (!position.ok()) return Fail(position.status());
  }
  return List(found.count, found.messages);
}

Reply GetMessages(Instance& instance, const iproto::RangeArguments& range) {
  const std::optional<Pattern> pattern = PatternOf(range.subject);
  if (!pattern || range.limit == 0) return List(0, {});
  ReadLimits limits;
  limits.after = Sequence(range.start_sequence == 0 ? 0 : range.start_sequence - 1);
  limits.max_messages = range.limit;
  const Found found = FindMessages(instance, *pattern, limits, {});
  return List(found.count, found.messages);
}

Reply GetMessage(Instance& instance, uint64_t sequence, MessageForm form) {
  ClientReply reply;
  const bool found = ReadMessage(instance, Sequence(sequence),
                                 [&](const Row& row, std::string_view) { AppendRow(reply.values, row, form); });
  if (!found && form.as_map) msgpack::AppendNil(reply.values);
  reply.count = reply.values.empty() ? 0 : 1;
  return reply;
}

// ---- News

Sequence LastOf(Instance& instance, std::string_view subject) {
  const std::optional<Pattern> pattern = PatternOf(subject);
  return pattern ? instance.LastOf(*pattern) : kNoSequence;
}

Reply CheckNewMessages(Instance& instance, const iproto::ConsumerArguments& consumer) {
  if (const absl::Status status = ValidateDurableName(consumer.durable_name); !status.ok()) return Fail(status);
  // The position first: it is never past what is seen afterwards.
  const Sequence position = PositionOf(instance, IdOf(consumer)).value_or(kNoSequence);
  std::string map;
  iproto::AppendNewMessages(map, LastOf(instance, consumer.subject), position);
  return Value(std::move(map));
}

Reply CountNewMessages(Instance& instance, const iproto::CountArguments& count) {
  Sequence since(count.since_sequence);
  if (count.durable_name) {
    const iproto::ConsumerArguments consumer{*count.durable_name, count.subject};
    if (const absl::Status status = ValidateDurableName(consumer.durable_name); !status.ok()) return Fail(status);
    since = PositionOf(instance, IdOf(consumer)).value_or(kNoSequence);
  }
  return Number(iproto::NewCount(LastOf(instance, count.subject), since));
}

// ---- Consumers

Reply Acknowledge(Instance& instance, const iproto::PositionArguments& ack) {
  const ConsumerId id = IdOf(ack.consumer);
  if (const absl::Status status = ValidateDurableName(id.durable_name); !status.ok()) return Fail(status);
  if (ack.negative || !PatternOf(id.subject)) return Boolean(false);
  const Sequence to(ack.sequence);
  if (to <= PositionOf(instance, id).value_or(kNoSequence)) return Boolean(false);
  const absl::StatusOr<Sequence> position = AdvanceConsumer(instance, id, to);
  if (!position.ok() && !absl::IsOutOfRange(position.status())) return Fail(position.status());
  return Boolean(position.ok());
}

Reply UpdatePosition(Instance& instance, const iproto::PositionArguments& update) {
  const ConsumerId id = IdOf(update.consumer);
  if (const absl::Status status = ValidateDurableName(id.durable_name); !status.ok()) return Fail(status);
  if (!PatternOf(id.subject)) return Boolean(false);
  const absl::StatusOr<Sequence> position = ResetConsumer(instance, id, Sequence(update.sequence));
  if (!position.ok() && !absl::IsOutOfRange(position.status())) return Fail(position.status());
  return Boolean(position.ok());
}

Reply GetPosition(Instance& instance, const iproto::ConsumerArguments& consumer) {
  if (const absl::Status status = ValidateDurableName(consumer.durable_name); !status.ok()) return Fail(status);
  return Number(PositionOf(instance, IdOf(consumer)).value_or(kNoSequence).value());
}

Reply ListConsumers(Instance& instance, std::string_view subject) {
  Scan scan(instance.spaces().consumers_by_subject, ITER_GE, MakeTuple(subject, std::string_view()));
  uint64_t count = 0;
  std::string list;
  while (box_tuple_t* const row = scan.Next()) {
    const ConsumerId id{std::string(TextField(row, field::kDurableName)),
                        std::string(TextField(row, field::kConsumerSubject))};
    if (!subject.empty() && id.subject != subject) break;
    const std::optional<Sequence> position = PositionOf(instance, id);
    if (!position) continue;  // not durable yet
    iproto::AppendConsumer(list, id.durable_name, id.subject, *position);
    ++count;
    if (list.size() > kMaxReplyBytes) {
      return Fail(absl::ResourceExhaustedError("there are too many consumers for one answer"));
    }
  }
  return List(count, list);
}

// ---- Retention

Reply DeleteOld(Instance& instance, int64_t ttl_micros) {
  const Retention limits{.max_age_micros = std::max<int64_t>(ttl_micros, 1)};
  uint64_t count = 0;
  std::string list;
  for (bool more = true; more;) {
    const absl::StatusOr<ExpireOutcome> step = ExpireStep(instance, limits, kMaxExpiredRows);
    if (!step.ok()) return Fail(step.status());
    for (const RemovedMessage& removed : step->removed) {
      StoredMessage message;
      message.subject = removed.subject;
      message.sequence = removed.sequence;
      if (removed.kind != PayloadKind::kInline) message.reference.emplace().key = removed.object_name;
      iproto::AppendRemoved(list, message);
      ++count;
    }
    more = step->more && list.size() < kMaxReplyBytes;
  }
  std::string values;
  iproto::AppendNumber(values, count);
  msgpack::AppendArray(values, count);
  values += list;
  return ClientReply{2, std::move(values)};
}

Reply CallReading(Instance& instance, Function function, std::string_view arguments) {
  const auto fetch = [&](bool peek, MessageForm form) {
    return With(iproto::DecodeFetch(arguments), [&](const iproto::FetchArguments& decoded) {
      return Fetch(instance, decoded, decoded.auto_ack && !peek, form);
    });
  };
  const auto one = [&](MessageForm form) {
    return With(iproto::DecodeSequence(arguments),
                [&](uint64_t sequence) { return GetMessage(instance, sequence, form); });
  };
  switch (function) {
    case Function::kGrpcFetch:
      return fetch(false, {});
    case Function::kGrpcPeek:
      return fetch(true, {});
    case Function::kGrpcFetchMsgpack:
      return fetch(false, {.as_map = true, .with_payload = true});
    case Function::kGetMessageBySequence:
      return one({.with_payload = true});
    case Function::kGetMessageBySequenceDecoded:
      return one({.as_map = true, .with_payload = true});
    default:
      return With(iproto::DecodeRange(arguments),
                  [&](const iproto::RangeArguments& range) { return GetMessages(instance, range); });
  }
}

Reply CallOnSubject(Instance& instance, Function function, std::string_view arguments) {
  return With(iproto::DecodeSubject(arguments), [&](const iproto::SubjectArgument& argument) -> Reply {
    const std::string_view subject = argument.subject.value_or("");
    const std::optional<Pattern> pattern = PatternOf(subject);
    switch (function) {
      case Function::kGrpcGetLastSequence: {
        std::string map;
        iproto::AppendLastSequence(map, LastOf(instance, subject));
        return Value(std::move(map));
      }
      case Function::kGetLatestSequenceForSubject:
        return Number(LastOf(instance, subject).value());
      case Function::kGetSubjectMessageCount:
        return Number(pattern ? CountAfter(instance, *pattern, kNoSequence) : 0);
      default:
        return argument.subject && !pattern ? List(0, {}) : ListConsumers(instance, subject);
    }
  });
}

}  // namespace

std::variant<ClientReply, Error> CallClientFunction(Instance& instance, Function function, std::string_view arguments) {
  if (const absl::Status status = instance.CheckWritable(); !status.ok()) return Fail(status);
  switch (function) {
    case Function::kGrpcPublish:
    case Function::kPublishMessage:
    case Function::kPublishMessageMsgpack:
    case Function::kGrpcPublishMsgpack:
      return Publish(instance, function, arguments);
    case Function::kGrpcFetch:
    case Function::kGrpcPeek:
    case Function::kGrpcFetchMsgpack:
    case Function::kGetMessageBySequence:
    case Function::kGetMessageBySequenceDecoded:
    case Function::kGetMessagesBySubject:
      return CallReading(instance, function, arguments);
    case Function::kGrpcGetLastSequence:
    case Function::kGetLatestSequenceForSubject:
    case Function::kGetSubjectMessageCount:
    case Function::kGetConsumersBySubject:
      return CallOnSubject(instance, function, arguments);
    case Function::kGrpcAck:
      return With(iproto::DecodeAck(arguments), [&](const auto& ack) { return Acknowledge(instance, ack); });
    case Function::kUpdateConsumerPosition:
      return With(iproto::DecodeUpdatePosition(arguments),
                  [&](const auto& update) { return UpdatePosition(instance, update); });
    case Function::kCheckNewMessages:
      return With(iproto::DecodeCheckNewMessages(arguments),
                  [&](const auto& consumer) { return CheckNewMessages(instance, consumer); });
    case Function::kGetNewMessagesCount:
      return With(iproto::DecodeNewMessagesCount(arguments),
                  [&](const auto& count) { return CountNewMessages(instance, count); });
    case Function::kGetConsumerPosition:
      return With(iproto::DecodeConsumer(arguments),
                  [&](const auto& consumer) { return GetPosition(instance, consumer); });
    case Function::kDeleteOldMessages:
      return With(iproto::DecodeTtlMicros(arguments), [&](int64_t ttl) { return DeleteOld(instance, ttl); });
  }
  return iproto::NoSuchFunction("");
}

}  // namespace mts::tarantool
