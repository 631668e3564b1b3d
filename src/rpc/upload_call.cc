#include "rpc/upload_call.h"

#include <utility>

#include "base/text.h"
#include "model/headers.h"
#include "rpc/byte_buffers.h"
#include "rpc/error_mapping.h"
#include "rpc/publish_encoder.h"

namespace mts::rpc {
namespace {

broker::UploadFrame ToFrame(const minitoolstream::PublishRequest& message) {
  broker::UploadFrame frame;
  frame.subject = message.subject();
  frame.message_id = message.message_id();
  HeadersEncoder encoder(frame.headers);
  encoder.Begin(message.headers_size());
  for (const auto& [key, value] : message.headers()) encoder.Add(key, value);
  if (message.has_expected_last_sequence()) frame.expected_last_sequence = Sequence(message.expected_last_sequence());
  if (message.has_ttl()) frame.ttl_micros = 0;  // refused, whatever its value
  return frame;
}

}  // namespace

void UploadCall::Start() {
  self_ = shared_from_this();
  switch (calls_.Add(self_)) {
    case LiveCalls::Admission::kAdmitted:
      return Progress();
    case LiveCalls::Admission::kTooMany:
      return End(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams are open"));
    case LiveCalls::Admission::kShuttingDown:
      return End(ShuttingDown());
  }
}

void UploadCall::OnReadDone(bool ok) {
  minitoolstream::UploadRequest part;
  const bool parsed = ok && ParseRequest(&read_buffer_, part).ok();
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    reading_ = false;
    if (finished_ || finishing_) return;
    if (!ok) {
      status = absl::InvalidArgumentError("upload ended without `end`");
    } else if (!parsed) {
      status = absl::InvalidArgumentError("upload has a part that is not a valid protobuf message");
    } else {
      read_buffer_.Clear();
      status = Take(part);
    }
  }
  if (!status.ok()) return Answer(std::move(status));
  Progress();
}

absl::Status UploadCall::Take(minitoolstream::UploadRequest& part) {
  switch (part.part_case()) {
    case minitoolstream::UploadRequest::kInfo:
      if (upload_ != nullptr) return absl::InvalidArgumentError("upload has `info` twice");
      return Begin(part.info());
    case minitoolstream::UploadRequest::kChunk:
      if (upload_ == nullptr) break;
      if (part.chunk().size() > limits::kMaxChunkBytes) {
        return absl::InvalidArgumentError(
            Concat("chunk has ", part.chunk().size(), " bytes, at most ", limits::kMaxChunkBytes, " are allowed"));
      }
      chunk_ = std::move(*part.mutable_chunk());
      return absl::OkStatus();
    case minitoolstream::UploadRequest::kEnd:
      if (upload_ == nullptr) break;
      upload_end_ = part.end();
      return absl::OkStatus();
    case minitoolstream::UploadRequest::PART_NOT_SET:
      return absl::InvalidArgumentError("upload has a part without content");
  }
  return absl::InvalidArgumentError("upload does not begin with `info`");
}

absl::Status UploadCall::Begin(const minitoolstream::UploadInfo& info) {
  if (!info.message().data().empty()) return absl::InvalidArgumentError("`data` of an upload's message must be empty");
  if (info.message().has_deliver_at()) return absl::UnimplementedError("deliver_at is not supported yet");
  absl::StatusOr<std::shared_ptr<broker::Upload>> upload = broker_.BeginUpload(ToFrame(info.message()), info.size());
  if (!upload.ok()) return upload.status();
  upload_ = *std::move(upload);
  return absl::OkStatus();
}

void UploadCall::Progress() {
  std::shared_ptr<broker::Upload> upload;
  std::optional<std::string> chunk;
  std::optional<minitoolstream::UploadEnd> end;
  {
    absl::MutexLock lock(&mutex_);
    if (finished_ || finishing_) return;
    if (!writing_ && chunk_) {
      chunk = std::exchange(chunk_, std::nullopt);
      writing_ = true;
    } else if (!writing_ && upload_end_) {
      end = std::move(upload_end_);
      finishing_ = true;
    }
    upload = upload_;
    if (!reading_ && !chunk_ && !upload_end_ && !finishing_) {
      reading_ = true;
      StartRead(&read_buffer_);
    }
  }
  if (chunk) {
    upload->Write(*std::move(chunk),
                  [self = shared_from_this()](absl::Status status) { self->OnWritten(std::move(status)); });
  } else if (end) {
    std::optional<uint32_t> crc32c;
    if (end->has_crc32c()) crc32c = end->crc32c();
    upload->Finish(end->size(), crc32c, [self = shared_from_this()](absl::StatusOr<broker::Published> published) {
      self->Answer(std::move(published));
    });
  }
}

void UploadCall::OnWritten(absl::Status status) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (finished_) upload_.reset();
  }
  if (!status.ok()) return Answer(std::move(status));
  Progress();
}

void UploadCall::Answer(absl::StatusOr<broker::Published> published) {
  if (!published.ok() && !AnsweredInResponse(published.status())) return End(ToGrpcStatus(published.status()));
  grpc::ByteBuffer response = EncodePublished(published);
  {
    absl::MutexLock lock(&mutex_);
    if (!finished_) response_->Swap(&response);
  }
  End(grpc::Status::OK);
}

void UploadCall::End(grpc::Status status) {
  absl::MutexLock lock(&mutex_);
  if (std::exchange(finished_, true)) return;
  // What was written goes before the client hears of it. A chunk that is being written keeps the upload until it is.
  if (!writing_) upload_.reset();
  Finish(std::move(status));
}

void UploadCall::OnCancel() { End(grpc::Status::CANCELLED); }

// An upload that is being published gets its answer.
void UploadCall::EndForShutdown() {
  {
    absl::MutexLock lock(&mutex_);
    if (finishing_) return;
  }
  End(ShuttingDown());
}

void UploadCall::OnDone() {
  calls_.Remove(this);
  const std::shared_ptr<UploadCall> last = std::move(self_);
}

}  // namespace mts::rpc
