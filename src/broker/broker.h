// The rules between doors and stores: limits and validation of publishing, which payload goes where, fetching with positions
// and payload status, acknowledging, news. One object serves all doors.
//
// Threading: any thread; `done` as in store/message_store.h. Errors: as the waist's, with the texts that clients see.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/limits.h"
#include "model/message.h"
#include "store/message_store.h"
#include "store/payload_store.h"

namespace mts::broker {

struct Limits {
  uint64_t max_message_bytes = limits::kMaxMessageBytes;
  uint64_t max_batch_messages = limits::kMaxBatchMessages;
  uint64_t max_batch_bytes = limits::kMaxBatchBytes;
  uint64_t max_header_bytes = limits::kMaxHeaderBytes;
  uint64_t max_subjects = limits::kMaxSubjects;
};

enum class OnUnreadable { kMark, kFail };

struct Options {
  Limits limits;
  OnUnreadable on_unreadable = OnUnreadable::kMark;
};

// Numbers are the contract's PayloadStatus.
enum class PayloadStatus { kInline = 0, kDeferred = 1, kMissing = 2, kCorrupt = 3 };

// A message as delivered: `message` views into the block; a payload that came from the payload store is in `fetched`.
struct Delivery {
  StoredMessage message;
  PayloadStatus status = PayloadStatus::kInline;
  std::string fetched;
  std::string_view data() const { return fetched.empty() ? message.payload : std::string_view(fetched); }
};
struct Deliveries {
  std::vector<store::MessageBlockPtr> blocks;   // own the bytes
  std::vector<Delivery> messages;
  Sequence scanned_through;
};

struct StartPosition {
  std::optional<Sequence> after_sequence;
  std::optional<Timestamp> time;
  bool newest = false;
};

struct FetchOptions {
  std::string subject;             // a subject or a pattern
  std::string durable_name;        // empty: no consumer
  StartPosition start;
  uint32_t max_messages = 0;
  uint64_t max_bytes = UINT64_MAX;
  uint64_t max_inline_bytes = UINT64_MAX;
  int64_t wait_micros = 0;         // for the first message
  bool auto_ack = false;
};

}  // namespace mts::broker
