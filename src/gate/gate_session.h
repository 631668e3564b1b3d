// What one client of the gate asks: who it is, calls, selects.
//
// Threading: one thread; replies to calls and selects come from any. Errors: in the replies, with the protocol's
// numbers. Limits: kMaxPacketBytes for a user, kMaxGuestPacketBytes before that.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gate/authentication.h"
#include "gate/calls.h"
#include "gate/publish_burst.h"
#include "gate/reply.h"
#include "iproto/session.h"

namespace mts::gate {

// What all sessions share.
struct Gate {
  broker::Broker& broker;
  store::MessageStore& messages;
  Authentication authentication;
  Calls calls;
};

class GateSession : public iproto::Session {
 public:
  static constexpr uint64_t kMaxPacketBytes = 16 * 1024 * 1024;
  static constexpr uint64_t kMaxGuestPacketBytes = 16 * 1024;

  GateSession(Gate& gate, std::shared_ptr<iproto::ReplyChannel> channel, std::string salt, std::string peer);

  size_t OnRequests(absl::Span<const iproto::Request> requests) override;
  uint64_t max_packet_bytes() const override { return anonymous() ? kMaxGuestPacketBytes : kMaxPacketBytes; }
  bool anonymous() const override { return user_ == kGuest; }

 private:
  // Each answers false when the request has to come again later.
  bool OnRequest(const iproto::Request& request);
  bool OnCall(const iproto::Request& request, const iproto::Body& body);
  bool OnSelect(const iproto::Request& request, const iproto::Body& body);
  bool Publish(iproto::Function function, std::string_view arguments, ReplyHead head);

  void OnAuthenticate(const iproto::Request& request, const iproto::Body& body);
  void OnId(const iproto::Request& request);
  // Requests that this server does not serve.
  void Refuse(const iproto::Request& request);
  void AddToBurst(ReplyHead head, PublishAnswer answer, const iproto::PublishArguments& arguments);

  // Replies that are known at once; sent together at the end of a burst.
  void Fail(const iproto::Request& request, const iproto::Error& error);
  void Finish();

  Gate& gate_;
  const std::shared_ptr<iproto::ReplyChannel> channel_;
  const std::string salt_;
  const std::string peer_;
  std::string user_{kGuest};

  // Of the burst under way.
  std::string packets_;
  uint32_t replies_ = 0;
  std::shared_ptr<PublishBurst> publishes_;
};

}  // namespace mts::gate
