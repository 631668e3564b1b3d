// The functions that clients call, but the publishing ones (publish_burst.h): from decoded arguments to the broker and
// the store, and back into a reply.
//
// Threading: any; replies come from any thread, possibly before the call returns. Errors: in the reply. A subject that
// no message can have is one that has none; a durable name that cannot be is an error. Limits: a reply is at most
// kMaxReplyBytes, and what would be longer holds fewer messages.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "broker/broker.h"
#include "gate/reply.h"
#include "iproto/call_arguments.h"
#include "iproto/call_functions.h"
#include "iproto/call_replies.h"
#include "store/message_store.h"

namespace mts::gate {

inline constexpr uint64_t kMaxReplyBytes = 4 * 1024 * 1024;

class Calls {
 public:
  Calls(broker::Broker& broker, store::MessageStore& messages, const Clock& clock)
      : broker_(broker), messages_(messages), clock_(clock) {}

  // How long the reply may be; 0 where it is always short.
  static uint64_t MaxReplyBytes(iproto::Function function, std::string_view arguments);

  // `max_reply_bytes` is what MaxReplyBytes said. Not for publishing.
  void Call(iproto::Function function, std::string_view arguments, uint64_t max_reply_bytes, Reply reply);

 private:
  struct Removal;

  void Fetch(std::string_view arguments, bool peek, iproto::MessageForm form, uint64_t max_bytes, Reply reply);
  void GetMessages(std::string_view arguments, uint64_t max_bytes, Reply reply);
  void GetMessage(std::string_view arguments, iproto::MessageForm form, Reply reply);
  void CountMessages(std::string_view arguments, Reply reply);

  using LastReply = void (*)(std::string& to, Sequence last);
  void Last(std::string_view arguments, LastReply append, Reply reply);
  void CheckNewMessages(std::string_view arguments, Reply reply);
  void CountNewMessages(std::string_view arguments, Reply reply);
  // The last sequence of a subject and a consumer's position there.
  using LookedAt = absl::AnyInvocable<void(Sequence last, Sequence position, Reply reply)>;
  void LookAt(const iproto::ConsumerArguments& consumer, Reply reply, LookedAt done);

  void Acknowledge(std::string_view arguments, Reply reply);
  void GetPosition(std::string_view arguments, Reply reply);
  void UpdatePosition(std::string_view arguments, Reply reply);
  void ListConsumers(std::string_view arguments, Reply reply);

  // Lists what is older, lets it expire, and answers what is gone then.
  void DeleteOld(std::string_view arguments, Reply reply);
  void ListOld(std::shared_ptr<Removal> removal, Sequence last_old);
  void ExpireOld(std::shared_ptr<Removal> removal);
  void AnswerRemoved(std::shared_ptr<Removal> removal);

  broker::Broker& broker_;
  store::MessageStore& messages_;
  const Clock& clock_;
};

}  // namespace mts::gate
