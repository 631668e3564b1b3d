// One payload, or a range of it, on its way out in chunks.
//
// Threading: one caller at a time, one Next outstanding; `done` from any thread, possibly before the call returns; the
// download needs to live until then. Errors: NOT_FOUND (no such message, or its payload is gone), OUT_OF_RANGE,
// DATA_LOSS (shorter than it should be, or its checksum differs when it was read whole), UNAVAILABLE. Limits: chunks of
// at most kMaxChunkBytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/shared_bytes.h"
#include "model/payload.h"
#include "model/sequence.h"
#include "store/message_store.h"
#include "store/payload_store.h"

namespace mts::broker {

class Download {
 public:
  struct Chunk {
    SharedBytes data;
    bool last = false;
    std::optional<uint32_t> crc32c;  // of the whole payload, with the last chunk if the download reaches its end
  };

  using Opened = absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<Download>>)>;
  // `length` 0: to the end.
  static void Open(store::MessageStore& messages, store::PayloadStore& payloads, std::string_view subject,
                   Sequence sequence, uint64_t offset, uint64_t length, Opened opened);

  // Of the whole payload.
  uint64_t size() const { return size_; }
  // At least one chunk comes, which may be empty; none after the last.
  void Next(absl::AnyInvocable<void(absl::StatusOr<Chunk>)> done);

 private:
  Download(store::PayloadStore& payloads, store::MessageBlockPtr block, uint64_t offset)
      : payloads_(payloads), block_(std::move(block)), from_(offset), at_(offset) {}

  static void Begin(std::unique_ptr<Download> download, uint64_t size, uint64_t length, Opened opened);
  absl::StatusOr<Chunk> Take(SharedBytes data);
  const StoredMessage& message() const { return block_->messages[0]; }

  store::PayloadStore& payloads_;
  const store::MessageBlockPtr block_;
  uint64_t size_ = 0;
  const uint64_t from_;
  uint64_t at_;
  uint64_t end_ = 0;
  uint32_t crc32c_ = 0;  // of what was read; counts if that is all
};

}  // namespace mts::broker
