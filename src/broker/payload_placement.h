// Publishing with payloads that do not fit into the message store: they go to the payload store first, then the
// messages are appended with references to them, then the payload store is told to keep them (promise P3).
//
// Threading: any; one object a publish, it keeps itself alive until `done`. Errors: those of both stores. What was put
// and is not named by a stored message is removed, unless the append's outcome is unknown: then recovery decides.
// Limits: as many payloads are written at a time as the payload store likes, of kConcurrentPutBytes together (one
// always is).
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "base/limits.h"
#include "broker/publish_order.h"
#include "model/message.h"
#include "store/message_store.h"
#include "store/payload_store.h"

namespace mts::broker {

// True when the batch cannot be appended as it is.
bool NeedsPlacement(absl::Span<const NewMessage> batch, const store::MessageStore& messages);

// Answers as MessageStore::Append, with the references of the batch (kind kInline where there is none) as second
// argument.
using PlacedDone = absl::AnyInvocable<void(store::AppendOutcome, const std::vector<PayloadReference>&)>;

class PayloadPlacement : public std::enable_shared_from_this<PayloadPlacement> {
 public:
  static constexpr uint64_t kConcurrentPutBytes = 16 * limits::kMiB;

  // `grace_micros`: Options::payload_grace_micros.
  PayloadPlacement(store::MessageStore& messages, store::PayloadStore& payloads, int64_t grace_micros);

  // The views need to live until `done`. With an `order` (may be null) the messages are appended at its next turn.
  void Publish(absl::Span<const NewMessage> batch, std::shared_ptr<PublishOrder> order, PlacedDone done);
  // One message whose payload is already in the payload store.
  void PublishUploaded(const NewMessage& message, PayloadReference reference, PlacedDone done);

 private:
  // Chooses what goes to the payload store: what is over inline_limit, then the largest until the rest fits.
  void Choose();
  // Starts puts until enough are under way, or goes on when all are done.
  void PutMore();
  bool MayPut(uint64_t size) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PutDone(uint32_t position, absl::StatusOr<PayloadReference> reference);
  // Why the messages must not be appended.
  absl::Status Failure();
  void AppendInTurn();
  void Append();
  void Fail(absl::Status status);
  void AppendDone(store::AppendOutcome outcome);
  // Removes what was put for `positions`.
  void Remove(const std::vector<uint32_t>& positions);

  store::MessageStore& messages_;
  store::PayloadStore& payloads_;
  const int64_t grace_micros_;
  std::shared_ptr<PublishOrder> order_;
  uint64_t turn_ = 0;
  PlacedDone done_;
  std::vector<NewMessage> batch_;
  std::vector<PayloadReference> references_;  // by position
  std::vector<uint32_t> chosen_;              // positions whose payload goes to the payload store

  absl::Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t under_way_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool putting_ ABSL_GUARDED_BY(mutex_) = false;                     // some thread is in PutMore
  int64_t first_stored_micros_ ABSL_GUARDED_BY(mutex_) = INT64_MAX;  // running time
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::broker
