// One fetch: where the consumer stands, the messages after it, waiting for the first one, their payloads.
//
// Threading: Start once, Cancel from any thread; `done` exactly once. It keeps itself alive until then. Errors: those
// of Fetcher. Limits: as FetchOptions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "broker/delivery.h"
#include "broker/dispatcher.h"
#include "broker/payload_loader.h"
#include "model/subject.h"
#include "store/message_store.h"

namespace mts::broker {

using FetchDone = absl::AnyInvocable<void(absl::StatusOr<Deliveries>)>;

class FetchCall : public std::enable_shared_from_this<FetchCall> {
 public:
  FetchCall(store::MessageStore& messages, PayloadLoader& loader, Dispatcher& dispatcher, FetchOptions options,
            Pattern pattern, FetchDone done);

  void Start();
  // Ends a wait with `status`; a call that is not waiting goes on.
  void Cancel(absl::Status status);

 private:
  // Where to begin; each ends in ReadFrom.
  void AskPosition();
  void ResolveStart();
  void StartAtNewest();
  void ReadFrom(Sequence after);

  void Read();
  void OnRead(absl::StatusOr<store::MessageBlockPtr> block);

  // Waiting for the first message.
  void BeginWait();
  void Wait();
  void OnNews();
  void OnDeadline();

  void Load();
  void OnLoaded(size_t complete, absl::Status failure);

  void AutoAcknowledge();
  void Finish(absl::StatusOr<Deliveries> result);

  store::MessageStore& messages_;
  PayloadLoader& loader_;
  Dispatcher& dispatcher_;
  const FetchOptions options_;
  const Pattern pattern_;
  FetchDone done_;
  Sequence after_;
  Deliveries deliveries_;
  std::unique_ptr<store::Watch> watch_;
  std::optional<Dispatcher::TimerId> timer_;

  absl::Mutex mutex_;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
  bool news_ ABSL_GUARDED_BY(mutex_) = false;
  bool expired_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status cancelled_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::broker
