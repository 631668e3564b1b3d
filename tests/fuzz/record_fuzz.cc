// A record's header and a message's body.
#include <cstdint>
#include <cstring>
#include <string>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "fuzz_check.h"
#include "log/format.h"

namespace {

// Everything that a decoded message names lies within the body.
bool Within(std::string_view part, std::string_view body) {
  return part.empty() || (part.data() >= body.data() && part.data() + part.size() <= body.data() + body.size());
}

void CheckMessageBody(std::string_view body) {
  const auto message = mts::log::DecodeMessageBody(body);
  const auto payload_offset = mts::log::PayloadOffset(body.substr(0, mts::log::kMessageBodyFixedBytes));
  if (!message.has_value()) return;
  for (std::string_view part : {message->subject, message->message_id, message->headers, message->payload}) {
    FUZZ_CHECK(Within(part, body));
  }
  FUZZ_CHECK(payload_offset.has_value());
  if (!message->reference.has_value()) FUZZ_CHECK(*payload_offset + message->payload.size() == body.size());

  mts::NewMessage copy;
  copy.subject = message->subject;
  copy.message_id = message->message_id;
  copy.headers = message->headers;
  copy.payload = message->payload;
  copy.ttl_micros = message->ttl_micros;
  if (message->reference.has_value()) copy.reference = &*message->reference;
  std::string encoded(mts::log::MessageBodyBytes(copy), '\0');
  const uint32_t crc = mts::log::EncodeMessageBody(copy, encoded.data());
  FUZZ_CHECK(crc == mts::Crc32c(encoded));
  const auto again = mts::log::DecodeMessageBody(encoded);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->subject == message->subject && again->message_id == message->message_id);
  FUZZ_CHECK(again->headers == message->headers && again->reference == message->reference);
  FUZZ_CHECK(again->ttl_micros == message->ttl_micros && again->size == message->size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kIdentity = 9;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckMessageBody(bytes);
  const auto header = mts::log::DecodeRecordHeader(bytes, kIdentity);
  if (header.has_value()) FUZZ_CHECK(header->TotalBytes() >= mts::log::kRecordHeaderBytes);
  std::string records;
  mts::log::AppendRecord(records, mts::log::RecordType::kMessage, 0, bytes, mts::Sequence(1), mts::Timestamp(2),
                         kIdentity);
  const auto again = mts::log::DecodeRecordHeader(records, kIdentity);
  FUZZ_CHECK(again.has_value() && again->body_length == size && again->TotalBytes() == records.size());
  FUZZ_CHECK(!mts::log::DecodeRecordHeader(records, kIdentity + 1).has_value());
  return 0;
}
