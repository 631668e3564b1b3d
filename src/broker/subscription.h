// News for one subscriber: told at once, without polling; a slow one gets the newest sequence only.
//
// Threading: Begin and End from any thread. `listener` is called on a dispatcher thread, never twice at the same time,
// with growing sequences; it must not block. After End returned, no call begins (one may be under way: the listener
// keeps what it needs alive). Errors: Begin's `started`. Limits: one task and one sequence are queued a subscriber,
// whatever happens.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "broker/dispatcher.h"
#include "model/sequence.h"
#include "model/subject.h"
#include "store/message_store.h"

namespace mts::broker {

class Subscription : public std::enable_shared_from_this<Subscription> {
 public:
  using Listener = absl::AnyInvocable<void(Sequence newest)>;

  Subscription(store::MessageStore& messages, Dispatcher& dispatcher, Pattern pattern, Listener listener);

  // Tells of everything after `seen` and the position of `durable_name` (empty: none). `started` is called once.
  void Begin(std::string subject, std::string durable_name, Sequence seen,
             absl::AnyInvocable<void(absl::Status)> started);
  void End();

 private:
  void Watch(Sequence seen, absl::AnyInvocable<void(absl::Status)> started);
  void OnNews(Sequence sequence);
  void Tell();

  store::MessageStore& messages_;
  Dispatcher& dispatcher_;
  const Pattern pattern_;

  absl::Mutex mutex_;
  Listener listener_;  // called by the one task that is queued
  std::unique_ptr<store::Watch> watch_ ABSL_GUARDED_BY(mutex_);
  Sequence told_ ABSL_GUARDED_BY(mutex_);  // or seen before
  Sequence newest_ ABSL_GUARDED_BY(mutex_);
  bool queued_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace mts::broker
