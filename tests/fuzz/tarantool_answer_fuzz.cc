// What a server of the Tarantool protocol answers: packets, and the values of each of our functions.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_check.h"
#include "iproto/client_packet.h"
#include "store/tarantool/answer.h"
#include "store/tarantool/append_codec.h"
#include "store/tarantool/function_calls.h"
#include "store/tarantool/message_rows.h"

namespace {

void DecodeBlock(std::string_view data) {
  bool more = false;
  const std::string packet(data);
  const auto block = mts::store::DecodeRead(mts::iproto::Reply(packet, 0, packet.size()), more);
  if (block.ok()) {
    mts::Sequence last;
    for (const mts::StoredMessage& message : (*block)->messages) {
      FUZZ_CHECK(message.sequence > last);
      FUZZ_CHECK(!message.payload_included || message.payload.size() == message.size);
      last = message.sequence;
    }
    FUZZ_CHECK((*block)->scanned_through >= last);
  }
  const auto one = mts::store::DecodeReadOne(mts::iproto::Reply(packet, 0, packet.size()));
  if (one.ok()) FUZZ_CHECK((*one)->messages.size() == 1);
}

void DecodeValues(std::string_view data) {
  DecodeBlock(data);
  (void)mts::store::Misdirected(data);
  (void)mts::store::DecodeHello(data);
  (void)mts::store::DecodeNumber(data);
  (void)mts::store::DecodeFlag(data);
  (void)mts::store::DecodePosition(data);
  (void)mts::store::DecodeInfo(data);
  (void)mts::store::DecodeConsumers(data);
  (void)mts::store::DecodeExpire(data);
  std::vector<mts::store::SubjectState> states;
  (void)mts::store::DecodeSubjects(data, states);
  mts::Sequence after;
  const auto payloads = mts::store::DecodePayloadsOf(data, "key", after);
  if (payloads.ok()) {
    for (const auto& payload : *payloads) {
      FUZZ_CHECK(payload.sequence > after);
      after = payload.sequence;
    }
  }
  for (const size_t count : {0, 1, 3}) {
    std::vector<uint64_t> counted;
    if (mts::store::DecodeLiveBytes(data, count, counted).ok()) FUZZ_CHECK(!counted.empty() && counted.size() <= count);
    const auto outcomes = mts::store::DecodeAppend(data, count);
    if (outcomes.ok()) FUZZ_CHECK(outcomes->size() == count);
    const auto named = mts::store::DecodeNamed(data, std::vector<std::string>(count, "key"));
    if (named.ok()) FUZZ_CHECK(named->size() <= count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  DecodeValues(bytes);
  mts::iproto::ReplyView reply;
  if (!mts::iproto::DecodeReply(bytes, reply)) return 0;
  FUZZ_CHECK(reply.data.size() <= size && reply.error_text.size() <= size);
  DecodeValues(reply.data);
  return 0;
}
