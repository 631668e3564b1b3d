// Messages as fetches deliver them.
//
// Threading: values, moved from thread to thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/memory_budget.h"
#include "model/message.h"
#include "model/sequence.h"
#include "store/message_store.h"

namespace mts::broker {

// Numbers are the contract's PayloadStatus.
enum class PayloadStatus { kInline = 0, kDeferred = 1, kMissing = 2, kCorrupt = 3 };

// `message` views into the block; a payload that came from the payload store is in `fetched`.
struct Delivery {
  StoredMessage message;
  PayloadStatus status = PayloadStatus::kInline;
  std::string fetched;
  bool to_load = false;  // its payload lies in the payload store and has not been fetched yet
  std::string_view data() const { return fetched.empty() ? message.payload : std::string_view(fetched); }
};

struct Deliveries {
  std::vector<store::MessageBlockPtr> blocks;  // own the bytes
  std::vector<Delivery> messages;
  Sequence scanned_through;
  MemoryReservation reserved;  // for what was fetched
};

struct StartPosition {
  std::optional<Sequence> after_sequence;
  std::optional<Timestamp> time;
  bool newest = false;
};

// How long a message will be when it is encoded with `data_size` bytes of payload.
using EncodedSize = uint64_t (*)(const Delivery& delivery, uint64_t data_size);

struct FetchOptions {
  std::string subject;       // a subject or a pattern
  std::string durable_name;  // empty: no consumer
  StartPosition start;
  uint32_t max_messages = 0;
  uint64_t max_bytes = UINT64_MAX;  // as encoded_size says, without it of subjects, headers and payloads
  EncodedSize encoded_size = nullptr;
  uint64_t max_inline_bytes = UINT64_MAX;  // longer payloads are deferred
  int64_t wait_micros = 0;                 // for the first message
  bool auto_ack = false;
  // False: payloads from the payload store are left to Fetcher::Load (`to_load`), so that a stream holds one at a time.
  bool load_payloads = true;
};

}  // namespace mts::broker
