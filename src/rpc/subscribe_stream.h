// One Subscribe: a notification for news, the newest only while the client is slow.
//
// Threading: gRPC's callbacks and the subscription's listener. Errors: gRPC statuses. Limits: one sequence waits,
// whatever happens.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "broker/broker.h"
#include "rpc/write_stream.h"

namespace mts::rpc {

class SubscribeStream : public WriteStream {
 public:
  SubscribeStream(broker::Broker& broker, LiveCalls& calls) : WriteStream(calls), broker_(broker) {}
  void Start(const grpc::ByteBuffer* request);

 private:
  void OnNews(Sequence newest);
  void Send(Sequence newest);
  void OnWritten() override;
  void OnEnding() override;

  std::shared_ptr<SubscribeStream> Self() { return std::static_pointer_cast<SubscribeStream>(shared_from_this()); }

  broker::Broker& broker_;
  std::string subject_;  // as the client gave it
  std::optional<broker::Consumers::Listening> listening_;
  absl::Mutex mutex_;
  std::shared_ptr<broker::Subscription> subscription_ ABSL_GUARDED_BY(mutex_);
  bool sending_ ABSL_GUARDED_BY(mutex_) = false;
  Sequence waiting_ ABSL_GUARDED_BY(mutex_);  // kNoSequence: nothing
};

}  // namespace mts::rpc
