#include "broker/upload.h"

#include "base/crc32c.h"
#include "base/status.h"
#include "base/text.h"
#include "broker/publish_validation.h"

namespace mts::broker {

NewMessage UploadFrame::ToMessage(std::string_view payload) const {
  NewMessage message;
  message.subject = subject;
  message.headers = headers;
  message.payload = payload;
  message.message_id = message_id;
  message.expected_last_sequence = expected_last_sequence;
  message.ttl_micros = ttl_micros;
  return message;
}

Upload::Upload(store::MessageStore& messages, store::PayloadStore& payloads, Publisher& publisher, UploadFrame frame,
               uint64_t expected_size)
    : messages_(messages),
      payloads_(payloads),
      publisher_(publisher),
      frame_(std::move(frame)),
      expected_size_(expected_size) {}

absl::StatusOr<std::shared_ptr<Upload>> Upload::Begin(store::MessageStore& messages, store::PayloadStore& payloads,
                                                      Publisher& publisher, const Limits& limits, UploadFrame frame,
                                                      uint64_t expected_size) {
  MTS_RETURN_IF_ERROR(ValidateMessageFrame(frame.ToMessage({}), limits));
  std::shared_ptr<Upload> upload(new Upload(messages, payloads, publisher, std::move(frame), expected_size));
  if (expected_size > messages.inline_limit()) MTS_RETURN_IF_ERROR(upload->BeginStored());
  return upload;
}

absl::Status Upload::BeginStored() {
  MTS_ASSIGN_OR_RETURN(stored_, payloads_.BeginUpload(frame_.subject, expected_size_));
  return absl::OkStatus();
}

void Upload::Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done) {
  size_ += chunk.size();
  if (expected_size_ != 0 && size_ > expected_size_) {
    done(absl::InvalidArgumentError(Concat("upload has more than the ", expected_size_, " bytes announced")));
    return;
  }
  crc32c_ = ExtendCrc32c(crc32c_, chunk);
  if (stored_ == nullptr && size_ <= messages_.inline_limit()) {
    buffered_.append(chunk);
    done(absl::OkStatus());
    return;
  }
  if (stored_ == nullptr) {
    if (absl::Status status = BeginStored(); !status.ok()) {
      done(std::move(status));
      return;
    }
    buffered_.append(chunk);
    chunk = std::exchange(buffered_, {});
  }
  stored_->Write(std::move(chunk), std::move(done));
}

absl::Status Upload::CheckEnd(uint64_t size, std::optional<uint32_t> crc32c) const {
  if (size != size_ || (expected_size_ != 0 && size_ != expected_size_)) {
    return absl::InvalidArgumentError(
        Concat("upload has ", size_, " bytes, ", size != size_ ? size : expected_size_, " were announced"));
  }
  if (crc32c && *crc32c != crc32c_) return absl::DataLossError("upload does not agree with its checksum");
  return absl::OkStatus();
}

void Upload::Finish(uint64_t size, std::optional<uint32_t> crc32c, PublishedDone done) {
  if (absl::Status status = CheckEnd(size, crc32c); !status.ok()) {
    stored_.reset();
    done(std::move(status));
    return;
  }
  if (stored_ == nullptr) {
    message_ = frame_.ToMessage(buffered_);
    // The payload was accepted up to inline_limit, whatever max_message_bytes says: it is no unary message.
    publisher_.PublishInline(message_, [self = shared_from_this(), done = std::move(done)](auto published) mutable {
      done(std::move(published));
    });
    return;
  }
  message_ = frame_.ToMessage({});
  stored_->Finish([self = shared_from_this(), done = std::move(done)](auto reference) mutable {
    if (!reference.ok()) {
      done(std::move(reference).status());
      return;
    }
    Upload& upload = *self;
    upload.publisher_.PublishReference(
        upload.message_, *std::move(reference),
        [self = std::move(self), done = std::move(done)](auto published) mutable { done(std::move(published)); });
  });
}

}  // namespace mts::broker
