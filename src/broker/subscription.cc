#include "broker/subscription.h"

#include <algorithm>
#include <utility>

namespace mts::broker {

Subscription::Subscription(store::MessageStore& messages, Dispatcher& dispatcher, Pattern pattern, Listener listener)
    : messages_(messages), dispatcher_(dispatcher), pattern_(std::move(pattern)), listener_(std::move(listener)) {}

void Subscription::Begin(std::string subject, std::string durable_name, Sequence seen,
                         absl::AnyInvocable<void(absl::Status)> started) {
  if (durable_name.empty()) return Watch(seen, std::move(started));
  messages_.Position({std::move(durable_name), std::move(subject)},
                     [self = shared_from_this(), seen,
                      started = std::move(started)](absl::StatusOr<std::optional<Sequence>> position) mutable {
                       if (!position.ok()) return started(std::move(position).status());
                       self->Watch(std::max(seen, position->value_or(kNoSequence)), std::move(started));
                     });
}

void Subscription::Watch(Sequence seen, absl::AnyInvocable<void(absl::Status)> started) {
  {
    absl::MutexLock lock(&mutex_);
    told_ = seen;
  }
  std::unique_ptr<store::Watch> watch =
      messages_.WatchNews(pattern_, [weak = weak_from_this()](std::string_view, Sequence last) {
        if (const std::shared_ptr<Subscription> self = weak.lock()) self->OnNews(last);
      });
  {
    absl::MutexLock lock(&mutex_);
    if (!ended_) watch_ = std::move(watch);
  }
  // What was there before the watch began.
  messages_.Last(pattern_, [self = shared_from_this(), started = std::move(started)](auto last) mutable {
    if (!last.ok()) return started(std::move(last).status());
    started(absl::OkStatus());
    self->OnNews(*last);
  });
}

void Subscription::OnNews(Sequence sequence) {
  absl::MutexLock lock(&mutex_);
  newest_ = std::max(newest_, sequence);
  if (ended_ || queued_ || newest_ <= told_) return;
  queued_ = true;
  dispatcher_.Post([self = shared_from_this()] { self->Tell(); });
}

void Subscription::Tell() {
  Sequence newest;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    newest = told_ = newest_;
  }
  listener_(newest);
  absl::MutexLock lock(&mutex_);
  queued_ = false;
  if (ended_ || newest_ <= told_) return;
  queued_ = true;
  dispatcher_.Post([self = shared_from_this()] { self->Tell(); });
}

void Subscription::End() {
  std::unique_ptr<store::Watch> watch;  // destroyed without the lock: its end waits for a callback, which takes it
  absl::MutexLock lock(&mutex_);
  ended_ = true;
  watch = std::move(watch_);
}

}  // namespace mts::broker
