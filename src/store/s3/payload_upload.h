// A payload of any size that is being written: small ones are put whole when they are finished, larger ones go out as a
// multipart upload while they come in.
//
// Threading: as PayloadUpload says. Errors: as PayloadUpload says; INVALID_ARGUMENT for more than 10,000 parts hold.
// Limits: memory of a few parts, taken from UploadMemory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "store/payload_store.h"
#include "store/s3/multipart_upload.h"
#include "store/s3/upload_memory.h"

namespace mts::store::s3 {

// Parts of an object of `expected_size` (0: not known), at least `least` and at most 64 MiB.
uint64_t PartBytesFor(uint64_t expected_size, uint64_t least);
// The largest object that they can make.
uint64_t MaxObjectBytes(uint64_t part_bytes);

// What is written; outlives the S3Upload while an answer is outstanding.
class UploadWriter : public std::enable_shared_from_this<UploadWriter> {
 public:
  struct Target {
    std::string key;
    std::string open_key;
    uint64_t part_bytes = 0;
    uint32_t parallel_parts = 4;
  };
  // Stores a payload that was smaller than a part.
  using PutSmall = absl::AnyInvocable<void(std::shared_ptr<const std::string> payload,
                                           absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done)>;

  // Memory for one part is taken from `memory` already.
  UploadWriter(ObjectClient& client, UploadMemory& memory, Target target, PutSmall put_small);

  void Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done);
  void Finish(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done);
  void Abandon() { multipart_->Abandon(); }

 private:
  void Append(std::string chunk);
  PartBody TakePart();
  void AddParts(std::string rest, absl::AnyInvocable<void(absl::Status)> done);
  void FinishSmall(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done);

  const Target target_;
  const uint64_t max_bytes_;
  const std::shared_ptr<MultipartUpload> multipart_;
  PutSmall put_small_;
  PartBody filling_;
  uint64_t size_ = 0;
  uint32_t crc32c_ = 0;
  bool multipart_used_ = false;
};

class S3Upload : public PayloadUpload {
 public:
  explicit S3Upload(std::shared_ptr<UploadWriter> writer) : writer_(std::move(writer)) {}
  ~S3Upload() override {
    if (!finished_) writer_->Abandon();
  }
  void Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done) override;
  void Finish(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) override;

 private:
  const std::shared_ptr<UploadWriter> writer_;
  bool finished_ = false;
};

}  // namespace mts::store::s3
