#include "iproto/call_replies.h"

#include "model/msgpack_reader.h"
#include "model/msgpack_writer.h"

namespace mts::iproto {
namespace {

using Type = MsgpackReader::Type;

constexpr int64_t kMicrosPerSecond = 1'000'000;

uint64_t SecondsOf(Timestamp time) {
  return time.value() <= 0 ? 0 : static_cast<uint64_t>(time.value() / kMicrosPerSecond);
}

void AppendHeaders(std::string& to, std::string_view headers) {
  if (headers.empty()) {
    msgpack::AppendMap(to, 0);
  } else {
    to.append(headers);
  }
}

std::string NameOf(const StoredMessage& message) {
  return ObjectName(message.subject, message.sequence, message.reference.has_value() ? &*message.reference : nullptr);
}

// Takes one value from `reader` and appends it, within an array of one unless it is an array.
bool AppendAsTuple(std::string& to, MsgpackReader& reader) {
  const std::string_view before = reader.rest();
  MsgpackReader::Value head;
  if (!reader.Next(head) || !reader.SkipContent(head, 1)) return false;
  if (head.type != Type::kArray) msgpack::AppendArray(to, 1);
  to.append(before.substr(0, before.size() - reader.rest().size()));
  return true;
}

uint32_t AppendEachAsTuple(std::string& to, uint64_t count, MsgpackReader& reader) {
  uint32_t appended = 0;
  while (appended < count && AppendAsTuple(to, reader)) ++appended;
  return appended;
}

}  // namespace

void AppendPublished(std::string& to, Sequence sequence) {
  msgpack::AppendMap(to, 3);
  msgpack::AppendText(to, "sequence");
  msgpack::AppendUnsigned64(to, sequence.value());
  msgpack::AppendText(to, "status_code");
  msgpack::AppendSigned64(to, 0);
  msgpack::AppendText(to, "error_message");
  msgpack::AppendNil(to);
}

void AppendPublishRefused(std::string& to, int64_t status_code, std::string_view error_message) {
  msgpack::AppendMap(to, 3);
  msgpack::AppendText(to, "sequence");
  msgpack::AppendUnsigned64(to, 0);
  msgpack::AppendText(to, "status_code");
  msgpack::AppendSigned64(to, status_code);
  msgpack::AppendText(to, "error_message");
  msgpack::AppendText(to, error_message);
}

void AppendPublishRefused(std::string& to, const absl::Status& status) {
  AppendPublishRefused(to, static_cast<int64_t>(status.code()),
                       std::string_view(status.message().data(), status.message().size()));
}

void AppendLastSequence(std::string& to, Sequence sequence) {
  msgpack::AppendMap(to, 1);
  msgpack::AppendText(to, "last_sequence");
  msgpack::AppendUnsigned64(to, sequence.value());
}

void AppendNewMessages(std::string& to, Sequence latest, Sequence position) {
  msgpack::AppendMap(to, 4);
  msgpack::AppendText(to, "has_new");
  msgpack::AppendBool(to, latest > position);
  msgpack::AppendText(to, "latest_sequence");
  msgpack::AppendUnsigned64(to, latest.value());
  msgpack::AppendText(to, "consumer_position");
  msgpack::AppendUnsigned64(to, position.value());
  msgpack::AppendText(to, "new_count");
  msgpack::AppendUnsigned64(to, NewCount(latest, position));
}

uint64_t NewCount(Sequence latest, Sequence position) {
  return latest > position ? latest.value() - position.value() : 0;
}

void AppendNumber(std::string& to, uint64_t number) { msgpack::AppendUnsigned64(to, number); }
void AppendNumber(std::string& to, Sequence sequence) { msgpack::AppendUnsigned64(to, sequence.value()); }

void AppendMessage(std::string& to, const StoredMessage& message, MessageForm form) {
  const bool with_payload = form.with_payload && message.payload_included && !message.payload.empty();
  const uint64_t fields = with_payload ? 6 : 5;
  const auto name = [&](std::string_view field) {
    if (form.as_map) msgpack::AppendText(to, field);
  };
  form.as_map ? msgpack::AppendMap(to, fields) : msgpack::AppendArray(to, fields);
  name("sequence");
  msgpack::AppendUnsigned64(to, message.sequence.value());
  name("headers");
  AppendHeaders(to, message.headers);
  name("object_name");
  msgpack::AppendText(to, NameOf(message));
  name("subject");
  msgpack::AppendText(to, message.subject);
  name("create_at");
  msgpack::AppendUnsigned64(to, SecondsOf(message.time));
  if (!with_payload) return;
  name("data_msgpack");
  msgpack::AppendBinary(to, message.payload);
}

void AppendConsumer(std::string& to, std::string_view durable_name, std::string_view subject, Sequence position) {
  msgpack::AppendArray(to, 3);
  msgpack::AppendText(to, durable_name);
  msgpack::AppendText(to, subject);
  msgpack::AppendUnsigned64(to, position.value());
}

void AppendRemoved(std::string& to, const StoredMessage& message) {
  msgpack::AppendMap(to, 3);
  msgpack::AppendText(to, "sequence");
  msgpack::AppendUnsigned64(to, message.sequence.value());
  msgpack::AppendText(to, "subject");
  msgpack::AppendText(to, message.subject);
  msgpack::AppendText(to, "object_name");
  msgpack::AppendText(to, NameOf(message));
}

uint32_t AppendAsTuples(std::string& to, uint32_t count, std::string_view values) {
  MsgpackReader reader(values);
  if (count != 1) return AppendEachAsTuple(to, count, reader);
  MsgpackReader elements(values);
  MsgpackReader::Value head;
  MsgpackReader::Value first;
  const bool is_list = elements.Next(head) && head.type == Type::kArray && head.number > 0;
  MsgpackReader peek = elements;
  // A list of tuples is taken apart; a list that begins with something else is one tuple.
  if (is_list && peek.Next(first) && first.type == Type::kArray) return AppendEachAsTuple(to, head.number, elements);
  return AppendEachAsTuple(to, 1, reader);
}

}  // namespace mts::iproto
