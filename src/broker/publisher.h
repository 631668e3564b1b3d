// Publishing messages that are whole in memory: validation, then the message store, by way of the payload store where a
// payload is too large for it.
//
// Threading: any thread may call; `done` is called exactly once, from any thread, possibly before the call returns. The
// views of a message need to live until then. Errors: INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED (can never
// be stored), RESOURCE_EXHAUSTED (nothing was stored, try again), UNAVAILABLE (unknown outcome, try again with the same
// message ids). Limits: options.h.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "broker/options.h"
#include "broker/publish_order.h"
#include "model/message.h"
#include "store/message_store.h"
#include "store/payload_store.h"

namespace mts::broker {

struct Published {
  Sequence sequence;
  std::string object_name;
  bool duplicate = false;  // `sequence` is that of the message stored first
};
using PublishedDone = absl::AnyInvocable<void(absl::StatusOr<Published>)>;

class Publisher {
 public:
  // `payload_grace_micros`: as in Options.
  Publisher(store::MessageStore& messages, store::PayloadStore& payloads, const Limits& limits,
            int64_t payload_grace_micros)
      : messages_(messages), payloads_(payloads), limits_(limits), payload_grace_micros_(payload_grace_micros) {}

  // Stores all or nothing. With an `order` (may be null) as MessageStore::AppendInOrder says.
  // Batches of one order are stored in the order of these calls, which one thread makes at a time; the views need to
  // live until `done`.
  void PublishBatch(absl::Span<const NewMessage> batch, std::shared_ptr<PublishOrder> order, store::AppendDone done);
  void PublishBatch(absl::Span<const NewMessage> batch, store::AppendDone done) {
    PublishBatch(batch, nullptr, std::move(done));
  }
  void Publish(const NewMessage& message, PublishedDone done);
  // An upload that was small: its payload fits into the message store, whatever max_message_bytes says.
  void PublishInline(const NewMessage& message, PublishedDone done);
  // A message whose payload the payload store holds already (an upload; an object that a client put and named).
  void PublishReference(const NewMessage& message, PayloadReference reference, PublishedDone done);

 private:
  void Append(const NewMessage& message, PublishedDone done);
  // What the door answers for one message; looks a duplicate's object name up.
  void Answer(const NewMessage& message, store::AppendOutcome outcome, const PayloadReference* reference,
              PublishedDone done);

  store::MessageStore& messages_;
  store::PayloadStore& payloads_;
  const Limits limits_;
  const int64_t payload_grace_micros_;
};

}  // namespace mts::broker
