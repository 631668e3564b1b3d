#include "store/s3/payload_upload.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/s3/failure.h"

namespace mts::store::s3 {
namespace {

constexpr uint64_t kMaxParts = 10'000;     // S3's own limit
constexpr uint64_t kPlannedParts = 9'000;  // an announced size may be exceeded a little
constexpr uint64_t kMaxPartBytes = 64 * limits::kMiB;

}  // namespace

uint64_t PartBytesFor(uint64_t expected_size, uint64_t least) {
  const uint64_t needed = AlignUp(expected_size / kPlannedParts + 1, limits::kMiB);
  return std::min(std::max(least, needed), kMaxPartBytes);
}

uint64_t MaxObjectBytes(uint64_t part_bytes) { return part_bytes * kMaxParts; }

UploadWriter::UploadWriter(ObjectClient& client, UploadMemory& memory, Target target, PutSmall put_small)
    : target_(std::move(target)),
      max_bytes_(MaxObjectBytes(target_.part_bytes)),
      multipart_(std::make_shared<MultipartUpload>(
          client, &memory, target_.key, target_.open_key,
          MultipartUpload::Limits{.parallel_parts = target_.parallel_parts, .part_bytes = target_.part_bytes})),
      put_small_(std::move(put_small)) {}

void UploadWriter::Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done) {
  if (size_ + chunk.size() > max_bytes_) {
    return done(
        absl::InvalidArgumentError(Concat("the payload is longer than ", max_bytes_, " bytes; announce its size")));
  }
  size_ += chunk.size();
  crc32c_ = ExtendCrc32c(crc32c_, chunk);
  AddParts(std::move(chunk), std::move(done));
}

void UploadWriter::Append(std::string chunk) {
  filling_.crc32c = ExtendCrc32c(filling_.crc32c, chunk);
  filling_.size += chunk.size();
  filling_.chunks.push_back(std::move(chunk));
}

PartBody UploadWriter::TakePart() {
  multipart_used_ = true;
  return std::exchange(filling_, {});
}

// All parts but the last one are of one size, which some servers ask for.
void UploadWriter::AddParts(std::string rest, absl::AnyInvocable<void(absl::Status)> done) {
  const uint64_t room = target_.part_bytes - filling_.size;
  if (rest.size() < room) {
    if (!rest.empty()) Append(std::move(rest));
    return done(absl::OkStatus());
  }
  std::string behind = rest.substr(room);
  rest.resize(room);
  Append(std::move(rest));
  multipart_->Add(TakePart(), [self = shared_from_this(), behind = std::move(behind),
                               done = std::move(done)](absl::Status status) mutable {
    if (!status.ok()) return done(std::move(status));
    self->AddParts(std::move(behind), std::move(done));
  });
}

void UploadWriter::Finish(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) {
  if (!multipart_used_) return FinishSmall(std::move(done));
  PayloadReference reference;
  reference.kind = PayloadKind::kStored;
  reference.size = size_;
  reference.crc32c = crc32c_;
  reference.key = target_.key;
  auto finish = [multipart = multipart_, reference = std::move(reference),
                 done = std::move(done)](absl::Status status) mutable {
    if (!status.ok()) {
      multipart->Abandon();
      return done(std::move(status));
    }
    multipart->Finish([reference = std::move(reference), done = std::move(done)](absl::Status finished) mutable {
      if (!finished.ok()) return done(std::move(finished));
      done(std::move(reference));
    });
  };
  if (filling_.size == 0) return finish(absl::OkStatus());
  multipart_->Add(TakePart(), std::move(finish));
}

void UploadWriter::FinishSmall(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) {
  std::string whole;
  if (filling_.chunks.size() == 1) {
    whole = std::move(filling_.chunks.front());
  } else {
    whole.reserve(filling_.size);
    for (const std::string& chunk : filling_.chunks) whole.append(chunk);
  }
  filling_ = {};
  // The memory of the part counts until the answer.
  auto payload = std::make_shared<const std::string>(std::move(whole));
  put_small_(payload, [payload, multipart = multipart_, done = std::move(done)](
                          absl::StatusOr<PayloadReference> reference) mutable { done(std::move(reference)); });
}

void S3Upload::Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done) {
  writer_->Write(std::move(chunk),
                 [done = std::move(done)](const absl::Status& status) mutable { done(StatusOfWrite(status)); });
}

void S3Upload::Finish(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) {
  finished_ = true;
  writer_->Finish([done = std::move(done)](absl::StatusOr<PayloadReference> reference) mutable {
    if (!reference.ok()) return done(StatusOfWrite(reference.status()));
    done(std::move(reference));
  });
}

}  // namespace mts::store::s3
