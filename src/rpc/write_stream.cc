#include "rpc/write_stream.h"

#include <utility>

#include "rpc/error_mapping.h"

namespace mts::rpc {

bool WriteStream::Admit() {
  self_ = shared_from_this();
  switch (calls_.Add(shared_from_this())) {
    case LiveCalls::Admission::kAdmitted:
      return true;
    case LiveCalls::Admission::kTooMany:
      End(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams are open"));
      return false;
    case LiveCalls::Admission::kShuttingDown:
      break;
  }
  End(ShuttingDown());
  return false;
}

bool WriteStream::Write(grpc::ByteBuffer buffer, bool more_follows) {
  absl::MutexLock lock(&mutex_);
  if (end_) return false;
  writing_ = true;
  buffer_.Swap(&buffer);
  grpc::WriteOptions options;
  // The first write carries the initial metadata and completes only when that is sent, for which a hint to buffer
  // waits.
  if (more_follows && wrote_) options.set_buffer_hint();
  wrote_ = true;
  StartWrite(&buffer_, options);
  return true;
}

void WriteStream::End(grpc::Status status) {
  {
    absl::MutexLock lock(&mutex_);
    if (end_) return;
    end_ = std::move(status);
  }
  OnEnding();
  absl::MutexLock lock(&mutex_);
  FinishIfIdle();
}

void WriteStream::FinishIfIdle() {
  if (!end_ || writing_ || finished_) return;
  finished_ = true;
  Finish(*end_);
}

bool WriteStream::ended() {
  absl::MutexLock lock(&mutex_);
  return end_.has_value();
}

void WriteStream::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    buffer_.Clear();
    if (end_) return FinishIfIdle();
  }
  if (!ok) return End(grpc::Status::CANCELLED);
  OnWritten();
}

void WriteStream::OnCancel() { End(grpc::Status::CANCELLED); }

void WriteStream::EndForShutdown() { End(ShuttingDown()); }

void WriteStream::OnDone() {
  calls_.Remove(this);
  const std::shared_ptr<WriteStream> last = std::move(self_);
}

}  // namespace mts::rpc
