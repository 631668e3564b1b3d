// What the broker is configured with.
//
// Threading: values.
#pragma once

#include <cstdint>

#include "base/limits.h"

namespace mts::broker {

struct Limits {
  uint64_t max_message_bytes = limits::kMaxMessageBytes;    // of one payload that is published whole
  uint64_t max_batch_messages = limits::kMaxBatchMessages;  // also of one fetch
  uint64_t max_batch_bytes = limits::kMaxBatchBytes;        // subjects, headers and payloads of a batch together
  uint64_t max_header_bytes = limits::kMaxHeaderBytes;      // of one message, encoded
  uint64_t max_subjects = limits::kMaxSubjects;             // the message store sees to it
};

// What happens to a message whose payload is missing or corrupt: delivered marked, or the fetch fails before it.
enum class OnUnreadable { kMark, kFail };

struct Options {
  Limits limits;
  OnUnreadable on_unreadable = OnUnreadable::kMark;
  // Payloads from the payload store that are held in memory for fetches at one time, all clients together; beyond it a
  // fetch answers RESOURCE_EXHAUSTED. One message always fits.
  uint64_t payload_memory_bytes = 512 * limits::kMiB;
  // How long after it was stored a payload may still get its message; beyond that the sweep may have removed it, and
  // the publish answers UNAVAILABLE. 0: for ever. Half of the sweep's grace time.
  int64_t payload_grace_micros = 0;
  // Threads that wake waiting fetches and subscriptions.
  int threads = 2;
};

}  // namespace mts::broker
