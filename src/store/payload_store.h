// The waist, lower half: payloads that do not lie in a message. Below are files (embedded) and S3.
//
// Promise P3 (design section 2): a payload is durable when its `done` or Finish answers, before any message names it.
// It is removed after its message; what a crash leaves behind is found by Recover (files) or the cleaner's sweep (S3,
// and files whose messages are in Tarantool).
//
// Threading: any thread may call; one Upload is used by one caller at a time, with one operation outstanding. `done` is
// called exactly once from any thread and must not block. Errors: UNAVAILABLE (try again), RESOURCE_EXHAUSTED (no room;
// nothing is left behind), NOT_FOUND (the payload is gone), DATA_LOSS (shorter than its reference says, or its checksum
// differs when it was read whole), INVALID_ARGUMENT. Limits: memory is bounded per operation by a few chunks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/shared_bytes.h"
#include "model/payload.h"

namespace mts::store {

// Whether a read found out that the payload is gone or damaged; other errors may pass.
inline bool IsPayloadLost(const absl::Status& status) { return absl::IsNotFound(status) || absl::IsDataLoss(status); }

// A payload that is being written. Destroying it before Finish leaves nothing behind.
class PayloadUpload {
 public:
  virtual ~PayloadUpload() = default;
  // Appends; the next Write or Finish only after `done`.
  virtual void Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done) = 0;
  // Durable when it answers; size and crc32c of the reference are those of the bytes written.
  virtual void Finish(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) = 0;
};

class PayloadStore {
 public:
  virtual ~PayloadStore() = default;

  virtual std::string_view kind() const = 0;  // "files" | "s3" | "null"
  // Whether payloads can be written and read now. PERMISSION_DENIED and FAILED_PRECONDITION need somebody to change
  // something, UNAVAILABLE may pass by itself.
  virtual void CheckReady(absl::AnyInvocable<void(absl::Status)> done) { done(absl::OkStatus()); }

  // A whole payload in memory; `payload` needs to live until `done`. `subject` is for layouts that show it to people.
  virtual void Put(std::string_view subject, std::string_view payload,
                   absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) = 0;
  // How many puts of one caller at a time do good.
  virtual uint32_t concurrent_puts() const { return 4; }
  // A payload of any size. `expected_size` 0: not known; a known size that does not fit is refused at once.
  virtual absl::StatusOr<std::unique_ptr<PayloadUpload>> BeginUpload(std::string_view subject,
                                                                     uint64_t expected_size) = 0;

  // Tells that a durable message names these (files leave incoming/). Never fails: a crash before is mended by Recover.
  virtual void Keep(const std::vector<PayloadReference>& references) = 0;

  // Bytes [offset, offset + length) of the payload, fewer only at its end; maybe a part of a block in memory. A whole
  // read checks the checksum. For kNamed references the size is not known beforehand.
  virtual void Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
                   absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) = 0;
  // The size in the store; NOT_FOUND.
  virtual void Size(const PayloadReference& reference, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) = 0;
  // How much a sequential reader should ask for at a time.
  virtual uint64_t preferred_read_bytes() const = 0;

  // Removing what is not there succeeds.
  virtual void Remove(const std::vector<PayloadReference>& references, absl::AnyInvocable<void(absl::Status)> done) = 0;
};

}  // namespace mts::store
