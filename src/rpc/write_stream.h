// What all streams that the server writes have in common: their life (gRPC's share of it ends with OnDone), admission,
// and the order of write and finish.
//
// Threading: gRPC's and the broker's callbacks; Write and End from any thread, one Write outstanding. Errors: End's
// status; a cancelled stream ends by itself. Limits: one write in flight.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rpc/live_calls.h"

namespace mts::rpc {

class WriteStream : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                    public LiveCall,
                    public std::enable_shared_from_this<WriteStream> {
 public:
  void EndForShutdown() override;

 protected:
  explicit WriteStream(LiveCalls& calls) : calls_(calls) {}

  // False: the stream was ended at once.
  bool Admit();
  // False once the stream has ended: nothing is written any more. With `more_follows` it may lie in the transport's
  // buffer until the next write.
  bool Write(grpc::ByteBuffer buffer, bool more_follows = false);
  // Finishes when no write is outstanding; the first status counts.
  void End(grpc::Status status);
  bool ended();

  // A write is through and another one may follow. Not called after the end.
  virtual void OnWritten() = 0;
  // Called once, when the end was asked for, from whatever side: stop what produces writes.
  virtual void OnEnding() {}

 private:
  void OnWriteDone(bool ok) final;
  void OnCancel() final;
  void OnDone() final;
  void FinishIfIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  LiveCalls& calls_;
  std::shared_ptr<WriteStream> self_;  // gRPC's share, until OnDone
  absl::Mutex mutex_;
  grpc::ByteBuffer buffer_;  // of the outstanding write
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool wrote_ ABSL_GUARDED_BY(mutex_) = false;  // once at least
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::rpc
