#include "store/s3/multipart_upload.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "base/text.h"

namespace mts::store::s3 {

std::string EncodeOpenUpload(const OpenUpload& upload) { return Concat(upload.key, "\n", upload.upload_id, "\n"); }

absl::StatusOr<OpenUpload> DecodeOpenUpload(std::string_view text) {
  const size_t first = text.find('\n');
  if (first == text.npos || text.size() < first + 3 || text.back() != '\n') {
    return absl::DataLossError("the object names no upload");
  }
  return OpenUpload{std::string(text.substr(0, first)), std::string(text.substr(first + 1, text.size() - first - 2))};
}

MultipartUpload::MultipartUpload(ObjectClient& client, UploadMemory* memory, std::string key, std::string open_key,
                                 Limits limits)
    : client_(client),
      memory_(memory),
      key_(std::move(key)),
      open_key_(std::move(open_key)),
      limits_(limits),
      memory_taken_(memory == nullptr ? 0 : limits.part_bytes) {}

MultipartUpload::~MultipartUpload() {
  absl::MutexLock lock(&mutex_);
  if (memory_ != nullptr) memory_->Return(memory_taken_);
}

void MultipartUpload::Add(PartBody body, StatusDone done) {
  absl::Status answer;
  bool begin = false;
  {
    absl::MutexLock lock(&mutex_);
    if (abandoned_ && status_.ok()) status_ = absl::UnavailableError("the upload was abandoned");
    answer = status_;
    if (answer.ok()) {
      Enqueue(std::move(body));
      begin = state_ == State::kIdle;
      if (begin) state_ = State::kBeginning;
      if (!HasRoom()) {
        room_done_ = std::move(done);
        done = nullptr;
      }
    }
  }
  if (begin) Begin();
  SendParts();
  if (done) done(std::move(answer));
}

void MultipartUpload::Enqueue(PartBody body) {
  auto part = std::make_shared<Part>();
  part->number = next_number_++;
  part->body = std::move(body);
  size_ += part->body.size;
  to_send_.push_back(std::move(part));
}

// One part fills while the others are under way; each needs its memory.
bool MultipartUpload::HasRoom() {
  const uint64_t parts = to_send_.size() + in_flight_;
  if (memory_ == nullptr) return true;
  if (parts >= limits_.parallel_parts) return false;
  const uint64_t needed = (parts + 1) * limits_.part_bytes;
  if (memory_taken_ >= needed) return true;
  if (!memory_->TryTake(needed - memory_taken_)) return false;
  memory_taken_ = needed;
  return true;
}

void MultipartUpload::ReturnMemory() {
  if (memory_ == nullptr) return;
  const uint64_t needed = (to_send_.size() + in_flight_ + 1) * limits_.part_bytes;
  if (memory_taken_ <= needed) return;
  memory_->Return(memory_taken_ - needed);
  memory_taken_ = needed;
}

void MultipartUpload::Begin() {
  client_.CreateUpload(key_, [self = shared_from_this()](absl::StatusOr<std::string> upload_id) {
    self->OnCreated(std::move(upload_id));
  });
}

void MultipartUpload::OnCreated(absl::StatusOr<std::string> upload_id) {
  std::string_view marker;
  {
    absl::MutexLock lock(&mutex_);
    if (upload_id.ok()) {
      upload_id_ = *std::move(upload_id);
      marker_ = EncodeOpenUpload({key_, upload_id_});
      marker = marker_;
    } else {
      status_ = upload_id.status();
      state_ = State::kSending;
    }
  }
  if (marker.empty()) return Step();
  client_.Put(open_key_, {marker}, Crc32c(marker), /*urgent=*/true,
              [self = shared_from_this()](const absl::Status& status) { self->OnMarked(status); });
}

void MultipartUpload::OnMarked(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    state_ = State::kSending;
    if (!status.ok()) status_ = status;
  }
  SendParts();
  Step();
}

void MultipartUpload::SendParts() {
  while (true) {
    std::shared_ptr<Part> part;
    {
      absl::MutexLock lock(&mutex_);
      if (state_ != State::kSending || !status_.ok() || abandoned_) return;
      if (to_send_.empty() || in_flight_ >= limits_.parallel_parts) return;
      part = std::move(to_send_.front());
      to_send_.pop_front();
      ++in_flight_;
    }
    SendPart(std::move(part));
  }
}

void MultipartUpload::SendPart(std::shared_ptr<Part> part) {
  BodyPieces pieces = part->body.pieces;
  for (const std::string& chunk : part->body.chunks) pieces.push_back(chunk);
  std::string upload_id;
  {
    absl::MutexLock lock(&mutex_);
    upload_id = upload_id_;
  }
  const uint32_t number = part->number;
  const uint32_t crc32c = part->body.crc32c;
  client_.UploadPart(
      key_, std::move(upload_id), number, std::move(pieces), crc32c,
      [self = shared_from_this(), part = std::move(part)](const absl::StatusOr<UploadedPart>& sent) mutable {
        part.reset();  // its bytes go before the answer
        self->OnPart(sent);
      });
}

void MultipartUpload::OnPart(const absl::StatusOr<UploadedPart>& part) {
  {
    absl::MutexLock lock(&mutex_);
    --in_flight_;
    if (part.ok()) {
      sent_.push_back(*part);
    } else if (status_.ok()) {
      status_ = part.status();
    }
  }
  SendParts();
  Step();
}

// What comes next, whenever something has ended: room for the one who adds, the completion, or the abortion.
void MultipartUpload::Step() {
  StatusDone room_done;
  absl::Status status;
  bool complete = false;
  bool abort = false;
  {
    absl::MutexLock lock(&mutex_);
    if (state_ != State::kSending) return;
    status = status_;
    const bool failed = !status_.ok() || abandoned_;
    if (failed) to_send_.clear();
    if (room_done_ && (failed || HasRoom())) room_done = std::exchange(room_done_, nullptr);
    if (!room_done_) ReturnMemory();
    const bool idle = to_send_.empty() && in_flight_ == 0;
    complete = idle && !failed && finish_done_ != nullptr;
    abort = idle && failed;
    if (complete || abort) state_ = State::kEnding;
  }
  if (room_done) room_done(status);
  if (complete) Complete();
  if (abort) Abort();
}

void MultipartUpload::Finish(StatusDone done) {
  absl::Status failed;
  {
    absl::MutexLock lock(&mutex_);
    const bool ends = state_ == State::kEnding || state_ == State::kEnded;  // it has failed before
    failed = ends ? status_ : absl::OkStatus();
    if (failed.ok()) finish_done_ = std::exchange(done, nullptr);
  }
  if (done) return done(std::move(failed));
  Step();
}

void MultipartUpload::Abandon() {
  {
    absl::MutexLock lock(&mutex_);
    abandoned_ = true;
  }
  Step();
}

void MultipartUpload::Complete() {
  std::vector<UploadedPart> parts;
  std::string upload_id;
  uint64_t size = 0;
  {
    absl::MutexLock lock(&mutex_);
    parts = std::move(sent_);
    upload_id = upload_id_;
    size = size_;
  }
  client_.CompleteUpload(key_, std::move(upload_id), std::move(parts), size,
                         [self = shared_from_this()](absl::Status status) { self->OnCompleted(std::move(status)); });
}

void MultipartUpload::OnCompleted(absl::Status status) {
  StatusDone done;
  {
    absl::MutexLock lock(&mutex_);
    status_ = status;
    done = std::exchange(finish_done_, nullptr);
    if (status.ok()) state_ = State::kEnded;
  }
  if (status.ok()) {
    RemoveMarker();
  } else {
    Abort();
    client_.Remove({key_}, [self = shared_from_this()](const absl::Status&) {});  // it may have succeeded all the same
  }
  done(std::move(status));
}

void MultipartUpload::Abort() {
  StatusDone finish_done;
  absl::Status status;
  std::string upload_id;
  {
    absl::MutexLock lock(&mutex_);
    state_ = State::kEnded;
    finish_done = std::exchange(finish_done_, nullptr);
    status = status_;
    upload_id = upload_id_;
  }
  if (!upload_id.empty()) {
    client_.AbortUpload(key_, std::move(upload_id), [self = shared_from_this()](const absl::Status& aborted) {
      if (aborted.ok()) self->RemoveMarker();  // else the cleaner finds it by its marker
    });
  }
  if (finish_done) finish_done(std::move(status));
}

void MultipartUpload::RemoveMarker() {
  client_.Remove({open_key_}, [self = shared_from_this()](const absl::Status&) {});
}

}  // namespace mts::store::s3
