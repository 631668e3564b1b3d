#include "gate/reply.h"

#include "iproto/call_replies.h"
#include "iproto/packet.h"

namespace mts::gate {

void AppendValues(std::string& to, ReplyHead head, uint32_t count, std::string_view encoded) {
  if (!head.as_tuples) {
    iproto::AppendReply(to, head.sync, kSchemaVersion, count, encoded);
    return;
  }
  std::string tuples;
  const uint32_t tuple_count = iproto::AppendAsTuples(tuples, count, encoded);
  iproto::AppendReply(to, head.sync, kSchemaVersion, tuple_count, tuples);
}

void Reply::Values(uint32_t count, std::string_view encoded) {
  std::string packet;
  AppendValues(packet, head_, count, encoded);
  channel_->Send(packet, 1, reserved_);
}

void Reply::Fail(const iproto::Error& error) {
  std::string packet;
  iproto::AppendError(packet, head_.sync, kSchemaVersion, error);
  channel_->Send(packet, 1, reserved_);
}

}  // namespace mts::gate
