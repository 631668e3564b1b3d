#include "cli/client/upload.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::cli {
namespace {

constexpr size_t kPieceBytes = limits::kMaxChunkBytes;

// One attempt. The source's own failure goes to `source_failure`: trying again does not heal it.
class UploadAttempt {
 public:
  UploadAttempt(const Connection& connection, UploadSource& source, Progress& progress, std::string_view what)
      : connection_(connection), source_(source), progress_(progress), what_(what), call_(absl::InfiniteDuration()) {}

  absl::Status Run(const pb::PublishRequest& message, pb::PublishResponse* response) {
    writer_ = connection_.ingress().Upload(call_.context(), response);
    pb::UploadRequest request;
    *request.mutable_info()->mutable_message() = message;
    request.mutable_info()->set_size(source_.size());
    bool writable = writer_->Write(request);
    while (writable) {
      absl::StatusOr<size_t> length = ReadPiece(request);
      if (!length.ok()) return Abandon(length.status());
      if (*length == 0) break;
      writable = writer_->Write(request);
      if (writable) Count(*length);
    }
    if (writable) {
      request.mutable_end()->set_size(sent_);
      request.mutable_end()->set_crc32c(crc_);
      writer_->WriteLast(request, grpc::WriteOptions());
    }
    // A write that failed is explained by the status, or by an answer that came early.
    return connection_.IngressStatus(writer_->Finish());
  }

  uint64_t sent() const { return sent_; }
  const absl::Status& source_failure() const { return source_failure_; }

 private:
  absl::StatusOr<size_t> ReadPiece(pb::UploadRequest& request) {
    std::string& piece = *request.mutable_chunk();
    piece.resize(kPieceBytes);
    MTS_ASSIGN_OR_RETURN(const size_t length, source_.Read(piece.data(), piece.size()));
    piece.resize(length);
    crc_ = ExtendCrc32c(crc_, piece);
    return length;
  }
  void Count(size_t length) {
    sent_ += length;
    progress_.Add(length);
    progress_.Show(what_);
  }
  absl::Status Abandon(absl::Status failure) {
    source_failure_ = std::move(failure);
    call_.context()->TryCancel();
    writer_->Finish();
    return source_failure_;
  }

  const Connection& connection_;
  UploadSource& source_;
  Progress& progress_;
  const std::string_view what_;
  Call call_;
  std::unique_ptr<grpc::ClientWriter<pb::UploadRequest>> writer_;
  uint64_t sent_ = 0;
  uint32_t crc_ = 0;
  absl::Status source_failure_;
};

}  // namespace

absl::StatusOr<size_t> ReadFully(int fd, char* to, size_t max_bytes) {
  size_t length = 0;
  while (length < max_bytes) {
    if (!Interrupt::Get().WaitFor(fd, POLLIN)) return Interrupt::Get().Check();
    const ssize_t got = read(fd, to + length, max_bytes - length);
    if (got == 0) break;
    if (got < 0 && errno != EINTR && errno != EAGAIN) return ErrnoStatus(errno, "cannot read the standard input");
    if (got > 0) length += static_cast<size_t>(got);
  }
  return length;
}

absl::StatusOr<size_t> FileUploadSource::Read(char* to, size_t max_bytes) {
  const size_t wanted = std::min<uint64_t>(max_bytes, size_ - position_);
  size_t length = 0;
  while (length < wanted) {
    const ssize_t got = pread(fd_, to + length, wanted - length, static_cast<off_t>(position_ + length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, Concat("cannot read ", name_));
    if (got == 0) return absl::FailedPreconditionError(Concat(name_, " became shorter while it was being read"));
    length += static_cast<size_t>(got);
  }
  position_ += length;
  return length;
}

absl::Status FileUploadSource::Rewind() {
  position_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<size_t> PipeUploadSource::Read(char* to, size_t max_bytes) {
  if (first_taken_ < first_.size()) {
    const size_t length = std::min(max_bytes, first_.size() - first_taken_);
    std::memcpy(to, first_.data() + first_taken_, length);
    first_taken_ += length;
    return length;
  }
  read_ = true;
  return ReadFully(fd_, to, max_bytes);
}

absl::Status PipeUploadSource::Rewind() {
  first_taken_ = 0;
  if (!read_) return absl::OkStatus();
  return absl::UnavailableError(
      "the connection broke in the middle of the standard input, which cannot be read again; publish from a file with "
      "--file, which goes on by itself");
}

absl::Status RefusalOf(int64_t status_code, std::string_view error_message) {
  if (status_code == 0) return absl::OkStatus();
  const bool known = status_code > 0 && status_code <= static_cast<int64_t>(absl::StatusCode::kUnauthenticated);
  return absl::Status(known ? static_cast<absl::StatusCode>(status_code) : absl::StatusCode::kUnknown,
                      Concat("refused by the server: ", error_message));
}

absl::StatusOr<pb::PublishResponse> UploadPayload(const Connection& connection, const pb::PublishRequest& message,
                                                  UploadSource& source, Progress& progress, std::string_view what) {
  Retry retry = connection.StartRetry();
  while (true) {
    MTS_RETURN_IF_ERROR(source.Rewind());
    pb::PublishResponse response;
    UploadAttempt attempt(connection, source, progress, what);
    const absl::Status status = attempt.Run(message, &response);
    if (!attempt.source_failure().ok()) return attempt.source_failure();
    if (status.ok()) {
      retry.Succeeded();
      MTS_RETURN_IF_ERROR(RefusalOf(response.status_code(), response.error_message()));
      return response;
    }
    if (attempt.sent() > 0) retry.Succeeded();
    progress.TakeBack(attempt.sent());
    MTS_RETURN_IF_ERROR(retry.After(status));
  }
}

}  // namespace mts::cli
