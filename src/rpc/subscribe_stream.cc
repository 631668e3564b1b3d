#include "rpc/subscribe_stream.h"

#include <algorithm>
#include <utility>

#include "minitoolstream/egress.pb.h"
#include "model/subject.h"
#include "rpc/byte_buffers.h"
#include "rpc/error_mapping.h"

namespace mts::rpc {

void SubscribeStream::Start(const grpc::ByteBuffer* request) {
  if (!Admit()) return;
  minitoolstream::SubscribeRequest subscribe;
  if (grpc::Status status = ParseRequest(request, subscribe); !status.ok()) return End(std::move(status));
  absl::StatusOr<std::shared_ptr<broker::Subscription>> subscription =
      broker_.Subscribe(subscribe.subject(), [weak = std::weak_ptr<SubscribeStream>(Self())](Sequence newest) {
        if (const std::shared_ptr<SubscribeStream> self = weak.lock()) self->OnNews(newest);
      });
  absl::Status status = subscription.status();
  if (status.ok()) status = ValidateDurableName(subscribe.durable_name());
  if (!status.ok()) return End(ToGrpcStatus(status));
  subject_ = subscribe.subject();
  listening_.emplace(broker_.consumers(), ConsumerId{subscribe.durable_name(), subject_});
  {
    absl::MutexLock lock(&mutex_);
    subscription_ = *subscription;
  }
  if (ended()) return OnEnding();  // a shutdown came in between
  (*subscription)
      ->Begin(subject_, subscribe.durable_name(), Sequence(subscribe.start_sequence()),
              [self = Self()](absl::Status started) {
                if (!started.ok()) return self->End(ToGrpcStatus(started));
                // Tells the client that nothing will be missed from here on.
                self->StartSendInitialMetadata();
              });
}

void SubscribeStream::OnNews(Sequence newest) {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(sending_, true)) {
      waiting_ = std::max(waiting_, newest);
      return;
    }
  }
  Send(newest);
}

void SubscribeStream::Send(Sequence newest) {
  minitoolstream::Notification notification;
  notification.set_subject(subject_);
  notification.set_sequence(newest.value());
  Write(Serialize(notification));
}

void SubscribeStream::OnWritten() {
  Sequence newest;
  {
    absl::MutexLock lock(&mutex_);
    newest = std::exchange(waiting_, kNoSequence);
    if (newest == kNoSequence) {
      sending_ = false;
      return;
    }
  }
  Send(newest);
}

void SubscribeStream::OnEnding() {
  std::shared_ptr<broker::Subscription> subscription;
  {
    absl::MutexLock lock(&mutex_);
    subscription = std::move(subscription_);
  }
  if (subscription != nullptr) subscription->End();
}

}  // namespace mts::rpc
