// PublishRequest and PublishBatchRequest off the wire: our decoder against the generated one, which it must agree with
// about what is valid and what it means.
#include <cstdint>
#include <map>
#include <string>

#include "fuzz_check.h"
#include "google/protobuf/stubs/logging.h"
#include "minitoolstream/ingress.pb.h"
#include "model/headers.h"
#include "rpc/publish_decoder.h"

namespace {

namespace pb = ::minitoolstream;

void CheckSame(const mts::NewMessage& ours, const pb::PublishRequest& theirs) {
  FUZZ_CHECK(ours.subject == theirs.subject());
  FUZZ_CHECK(ours.payload == theirs.data());
  FUZZ_CHECK(ours.message_id == theirs.message_id());
  FUZZ_CHECK(ours.reference == nullptr);
  FUZZ_CHECK(ours.expected_last_sequence.has_value() == theirs.has_expected_last_sequence());
  if (ours.expected_last_sequence.has_value()) {
    FUZZ_CHECK(ours.expected_last_sequence->value() == theirs.expected_last_sequence());
  }
  FUZZ_CHECK(ours.ttl_micros.has_value() == theirs.has_ttl());
  std::map<std::string, std::string> headers;
  FUZZ_CHECK(mts::ValidateEncodedHeaders(ours.headers).ok());
  mts::ForEachHeaderText(ours.headers, [&](std::string_view key, std::string_view value) {
    headers[std::string(key)] = std::string(value);
  });
  FUZZ_CHECK(headers.size() == theirs.headers().size());
  for (const auto& [key, value] : theirs.headers()) FUZZ_CHECK(headers.at(key) == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const silence = new google::protobuf::LogSilencer;
  (void)silence;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  mts::rpc::PublishDecoder decoder;

  pb::PublishRequest request;
  const bool request_valid = request.ParseFromArray(data, static_cast<int>(size));
  FUZZ_CHECK(decoder.DecodeRequest(bytes) == request_valid);
  if (request_valid) {
    FUZZ_CHECK(decoder.messages().size() == 1);
    FUZZ_CHECK((decoder.scheduled_position() >= 0) == request.has_deliver_at());
    CheckSame(decoder.messages()[0], request);
  }

  decoder.Clear();
  pb::PublishBatchRequest batch;
  const bool batch_valid = batch.ParseFromArray(data, static_cast<int>(size));
  FUZZ_CHECK(decoder.DecodeBatch(bytes, 1'000'000) == batch_valid);
  if (!batch_valid) return 0;
  FUZZ_CHECK(decoder.messages().size() == static_cast<size_t>(batch.messages_size()));
  for (int i = 0; i < batch.messages_size(); ++i) CheckSame(decoder.messages()[i], batch.messages(i));
  return 0;
}
