#include "broker/fetch_call.h"

#include <utility>

#include "base/clock.h"
#include "broker/delivery_loading.h"

namespace mts::broker {

FetchCall::FetchCall(store::MessageStore& messages, PayloadLoader& loader, Dispatcher& dispatcher, FetchOptions options,
                     Pattern pattern, FetchDone done)
    : messages_(messages),
      loader_(loader),
      dispatcher_(dispatcher),
      options_(std::move(options)),
      pattern_(std::move(pattern)),
      done_(std::move(done)) {}

void FetchCall::Start() {
  if (options_.durable_name.empty()) {
    ResolveStart();
  } else {
    AskPosition();
  }
}

void FetchCall::AskPosition() {
  messages_.Position({options_.durable_name, options_.subject},
                     [self = shared_from_this()](absl::StatusOr<std::optional<Sequence>> position) {
                       if (!position.ok()) return self->Finish(std::move(position).status());
                       if (position->has_value()) return self->ReadFrom(**position);
                       self->ResolveStart();
                     });
}

void FetchCall::ResolveStart() {
  const StartPosition& start = options_.start;
  if (start.newest) return StartAtNewest();
  if (!start.time) return ReadFrom(start.after_sequence.value_or(kNoSequence));
  messages_.LastBefore(*start.time, [self = shared_from_this()](absl::StatusOr<Sequence> last) {
    if (!last.ok()) return self->Finish(std::move(last).status());
    self->ReadFrom(*last);
  });
}

// A consumer that begins at the newest message is put there for good, else the next fetch would begin anew and miss
// what came in between.
void FetchCall::StartAtNewest() {
  messages_.Last(pattern_, [self = shared_from_this()](absl::StatusOr<Sequence> last) {
    if (!last.ok()) return self->Finish(std::move(last).status());
    if (self->options_.durable_name.empty() || *last == kNoSequence) return self->ReadFrom(*last);
    FetchCall& call = *self;
    call.messages_.Advance({call.options_.durable_name, call.options_.subject}, *last,
                           [self](absl::StatusOr<Sequence> position) {
                             if (!position.ok()) return self->Finish(std::move(position).status());
                             self->ReadFrom(*position);
                           });
  });
}

void FetchCall::ReadFrom(Sequence after) {
  after_ = after;
  Read();
}

void FetchCall::Read() {
  store::ReadRequest request;
  request.pattern = pattern_;
  request.after = after_;
  request.max_messages = options_.max_messages;
  request.max_bytes = options_.max_bytes;
  request.max_inline_bytes = options_.max_inline_bytes;
  messages_.Read(std::move(request), [self = shared_from_this()](absl::StatusOr<store::MessageBlockPtr> block) {
    self->OnRead(std::move(block));
  });
}

void FetchCall::OnRead(absl::StatusOr<store::MessageBlockPtr> block) {
  if (!block.ok()) return Finish(std::move(block).status());
  deliveries_.scanned_through = (*block)->scanned_through;
  if (!(*block)->messages.empty()) {
    deliveries_.messages.reserve((*block)->messages.size());
    for (const StoredMessage& message : (*block)->messages) {
      deliveries_.messages.push_back(PayloadLoader::Prepare(message, options_.max_inline_bytes));
    }
    deliveries_.blocks.push_back(*std::move(block));
    return Load();
  }
  if (options_.wait_micros <= 0) return Finish(std::move(deliveries_));
  if (watch_ == nullptr) {
    BeginWait();
  } else {
    Wait();
  }
}

void FetchCall::BeginWait() {
  watch_ = messages_.WatchNews(pattern_, [weak = weak_from_this()](std::string_view, Sequence) {
    if (const std::shared_ptr<FetchCall> self = weak.lock()) self->OnNews();
  });
  timer_ = dispatcher_.PostAfter(options_.wait_micros, [self = shared_from_this()] { self->OnDeadline(); });
  Read();  // what came between the first read and the watch
}

void FetchCall::Wait() {
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    if (cancelled_.ok() && !expired_ && !news_) {
      waiting_ = true;
      return;
    }
    status = cancelled_;
    if (status.ok() && !expired_) {
      news_ = false;
      dispatcher_.Post([self = shared_from_this()] { self->Read(); });
      return;
    }
  }
  if (status.ok()) return Finish(std::move(deliveries_));
  Finish(std::move(status));
}

void FetchCall::OnNews() {
  absl::MutexLock lock(&mutex_);
  if (!std::exchange(waiting_, false)) {
    news_ = true;
    return;
  }
  dispatcher_.Post([self = shared_from_this()] { self->Read(); });
}

void FetchCall::OnDeadline() {
  {
    absl::MutexLock lock(&mutex_);
    expired_ = true;
    if (!std::exchange(waiting_, false)) return;
  }
  Finish(std::move(deliveries_));
}

void FetchCall::Cancel(absl::Status status) {
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = status;
    if (!std::exchange(waiting_, false)) return;
  }
  Finish(std::move(status));
}

void FetchCall::Load() {
  std::make_shared<DeliveryLoading>(loader_, deliveries_, options_,
                                    [self = shared_from_this()](size_t complete, absl::Status failure) {
                                      self->OnLoaded(complete, std::move(failure));
                                    })
      ->Start();
}

// What is complete is delivered, if anything; else the failure.
void FetchCall::OnLoaded(size_t complete, absl::Status failure) {
  if (complete == 0) return Finish(std::move(failure));
  if (complete < deliveries_.messages.size()) {
    deliveries_.messages.resize(complete);
    deliveries_.scanned_through = deliveries_.messages.back().message.sequence;
  }
  if (options_.auto_ack && !options_.durable_name.empty()) return AutoAcknowledge();
  Finish(std::move(deliveries_));
}

void FetchCall::AutoAcknowledge() {
  messages_.Advance({options_.durable_name, options_.subject}, deliveries_.messages.back().message.sequence,
                    [self = shared_from_this()](absl::StatusOr<Sequence> position) {
                      if (!position.ok()) return self->Finish(std::move(position).status());
                      self->Finish(std::move(self->deliveries_));
                    });
}

void FetchCall::Finish(absl::StatusOr<Deliveries> result) {
  // The watch goes here, on a thread that is not in its callback: its end waits for a call under way.
  watch_.reset();
  if (timer_) dispatcher_.Cancel(*timer_);
  std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace mts::broker
