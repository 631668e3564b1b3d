// One payload of any size on its way in, in constant memory: small ones end within their message, larger ones in the
// payload store. Destroying an upload before its end leaves nothing behind.
//
// Threading: one caller at a time, one operation outstanding; `done` from any thread, possibly before the call returns.
// Errors: INVALID_ARGUMENT (the frame, the size), DATA_LOSS (the checksum), RESOURCE_EXHAUSTED, UNAVAILABLE, and those
// of Publisher. Limits: at most inline_limit bytes are held here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "broker/publisher.h"

namespace mts::broker {

// A message without its payload, with bytes of its own.
struct UploadFrame {
  std::string subject;
  std::string headers;  // encoded
  std::string message_id;
  std::optional<Sequence> expected_last_sequence;
  std::optional<int64_t> ttl_micros;

  NewMessage ToMessage(std::string_view payload) const;
};

class Upload : public std::enable_shared_from_this<Upload> {
 public:
  // `expected_size` 0: not known. What cannot fit is refused here.
  static absl::StatusOr<std::shared_ptr<Upload>> Begin(store::MessageStore& messages, store::PayloadStore& payloads,
                                                       Publisher& publisher, const Limits& limits, UploadFrame frame,
                                                       uint64_t expected_size);

  void Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done);
  // The message is durable when it answers; `size` and `crc32c` are what the client says.
  void Finish(uint64_t size, std::optional<uint32_t> crc32c, PublishedDone done);

 private:
  Upload(store::MessageStore& messages, store::PayloadStore& payloads, Publisher& publisher, UploadFrame frame,
         uint64_t expected_size);

  // Goes over to the payload store; what is buffered is written first, by the next Write.
  absl::Status BeginStored();
  absl::Status CheckEnd(uint64_t size, std::optional<uint32_t> crc32c) const;

  store::MessageStore& messages_;
  store::PayloadStore& payloads_;
  Publisher& publisher_;
  const UploadFrame frame_;
  const uint64_t expected_size_;
  std::string buffered_;
  std::unique_ptr<store::PayloadUpload> stored_;
  NewMessage message_;  // what Finish publishes
  uint64_t size_ = 0;
  uint32_t crc32c_ = 0;
};

}  // namespace mts::broker
