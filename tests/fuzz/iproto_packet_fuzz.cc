// Packets of the Tarantool protocol: what any client may send before anybody knows who it is.
#include <cstdint>
#include <string>

#include "fuzz_check.h"
#include "iproto/greeting.h"
#include "iproto/packet.h"

namespace {

bool IsWithin(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void DecodeOne(std::string_view packet) {
  mts::iproto::Request request;
  if (!mts::iproto::DecodeHeader(packet, request)) return;
  FUZZ_CHECK(IsWithin(request.body, packet));
  mts::iproto::Body body;
  if (!mts::iproto::DecodeBody(request.body, body)) return;
  for (const auto& field : {body.function_name, body.user_name, body.tuple, body.key}) {
    if (field) FUZZ_CHECK(IsWithin(*field, packet));
  }
  // What was read can be answered, and the answer is a whole packet.
  std::string reply;
  mts::iproto::AppendError(reply, request.sync, 1,
                           {mts::iproto::ErrorCode::kUnknown, std::string(body.function_name.value_or(""))});
  const auto frame = mts::iproto::NextFrame(reply, reply.size());
  FUZZ_CHECK(frame.state == mts::iproto::Frame::State::kWhole && frame.total_bytes == reply.size());
  mts::iproto::Request header;
  FUZZ_CHECK(mts::iproto::DecodeHeader(frame.packet, header) && header.sync == request.sync);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  mts::iproto::SaltOfGreeting(bytes);
  DecodeOne(bytes);
  while (true) {
    const auto frame = mts::iproto::NextFrame(bytes, 1 << 20);
    if (frame.state != mts::iproto::Frame::State::kWhole) return 0;
    FUZZ_CHECK(frame.total_bytes > 0 && frame.total_bytes <= bytes.size() && IsWithin(frame.packet, bytes));
    DecodeOne(frame.packet);
    bytes.remove_prefix(frame.total_bytes);
  }
}
