// Publishing with payloads that do not fit into the message store: they go to the payload store first, then the
// messages are appended with references to them, then the payload store is told to keep them (promise P3).
//
// Threading: any; one object a publish, it keeps itself alive until `done`. Errors: those of both stores. What was put
// and is not named by a stored message is removed, unless the append's outcome is unknown: then recovery decides.
// Limits: kConcurrentPuts payloads are written at a time.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
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
  static constexpr int kConcurrentPuts = 4;

  PayloadPlacement(store::MessageStore& messages, store::PayloadStore& payloads);

  // The views need to live until `done`.
  void Publish(absl::Span<const NewMessage> batch, PlacedDone done);
  // One message whose payload is already in the payload store.
  void PublishUploaded(const NewMessage& message, PayloadReference reference, PlacedDone done);

 private:
  // Chooses what goes to the payload store: what is over inline_limit, then the largest until the rest fits.
  void Choose();
  // Starts puts until enough are under way, or goes on when all are done.
  void PutMore();
  void PutDone(uint32_t position, absl::StatusOr<PayloadReference> reference);
  void Append();
  void AppendDone(store::AppendOutcome outcome);
  // Removes what was put for `positions`.
  void Remove(const std::vector<uint32_t>& positions);

  store::MessageStore& messages_;
  store::PayloadStore& payloads_;
  PlacedDone done_;
  std::vector<NewMessage> batch_;
  std::vector<PayloadReference> references_;  // by position
  std::vector<uint32_t> chosen_;              // positions whose payload goes to the payload store

  absl::Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  bool putting_ ABSL_GUARDED_BY(mutex_) = false;  // some thread is in PutMore
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::broker
