#include "rpc/download_stream.h"

#include <utility>

#include "minitoolstream/egress.pb.h"
#include "rpc/byte_buffers.h"
#include "rpc/error_mapping.h"
#include "rpc/message_encoder.h"

namespace mts::rpc {

void DownloadStream::Start(const grpc::ByteBuffer* request) {
  if (!Admit()) return;
  minitoolstream::DownloadRequest download;
  if (grpc::Status status = ParseRequest(request, download); !status.ok()) return End(std::move(status));
  broker_.OpenDownload(download.subject(), Sequence(download.sequence()), download.offset(), download.length(),
                       [self = Self()](absl::StatusOr<std::unique_ptr<broker::Download>> opened) {
                         if (!opened.ok()) return self->End(ToGrpcStatus(opened.status()));
                         self->download_ = *std::move(opened);
                         self->ReadNext();
                       });
}

void DownloadStream::ReadNext() {
  download_->Next([self = Self()](absl::StatusOr<broker::Download::Chunk> chunk) { self->OnChunk(std::move(chunk)); });
}

void DownloadStream::OnChunk(absl::StatusOr<broker::Download::Chunk> chunk) {
  if (!chunk.ok()) return End(ToGrpcStatus(chunk.status()));
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(sending_, true)) {
      ready_ = *std::move(chunk);
      return;
    }
  }
  Send(*std::move(chunk));
}

void DownloadStream::Send(broker::Download::Chunk chunk) {
  const bool last = chunk.last;
  {
    absl::MutexLock lock(&mutex_);
    last_sent_ = last;
  }
  if (!Write(EncodeDownloadChunk(std::move(chunk), std::exchange(first_, false), download_->size()))) return;
  if (!last) ReadNext();
}

void DownloadStream::OnWritten() {
  std::optional<broker::Download::Chunk> next;
  {
    absl::MutexLock lock(&mutex_);
    next = std::exchange(ready_, std::nullopt);
    if (!next && !last_sent_) {
      sending_ = false;
      return;
    }
  }
  if (!next) return End(grpc::Status::OK);
  Send(*std::move(next));
}

}  // namespace mts::rpc
