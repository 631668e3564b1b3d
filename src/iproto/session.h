// What a server does with a client's requests, apart from sockets: a Session takes requests and answers them through
// its ReplyChannel, at once or later, from any thread and in any order.
//
// Threading: a Session is called by one thread; a ReplyChannel by any. Errors: none; a channel whose connection is gone
// drops what it gets. Limits: see Reserve.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/types/span.h"
#include "iproto/packet.h"

namespace mts::iproto {

class ReplyChannel {
 public:
  virtual ~ReplyChannel() = default;

  // `packets` are `replies` whole replies. Every request that a session took is answered exactly once. `reserved` bytes
  // that were reserved for them are given back.
  virtual void Send(std::string_view packets, uint32_t replies, uint64_t reserved) = 0;

  // For an answer that may be long: counts `bytes` as if they were waiting already. False when too much waits for this
  // client, or for all together: the session then leaves this request and the later ones of the burst.
  virtual bool Reserve(uint64_t bytes) = 0;

  // The connection ends when what was sent has left.
  virtual void CloseWhenSent() = 0;
};

class Session {
 public:
  virtual ~Session() = default;

  // The whole requests that one read brought; their views live until the call returns. Answers how many it took: all,
  // or those before the one that it could not Reserve for. The others come again when that may go better.
  virtual size_t OnRequests(absl::Span<const Request> requests) = 0;

  // A longer packet ends the connection.
  virtual uint64_t max_packet_bytes() const = 0;

  // An anonymous client is not kept when it is idle.
  virtual bool anonymous() const = 0;
};

// `salt` is the one of the greeting; `peer` an address for the log.
using SessionFactory = absl::AnyInvocable<std::unique_ptr<Session>(std::shared_ptr<ReplyChannel> channel,
                                                                   std::string salt, std::string peer)>;

}  // namespace mts::iproto
