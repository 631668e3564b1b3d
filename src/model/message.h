// A message on its way in (NewMessage) and on its way out (StoredMessage). Both are views: the bytes belong to someone
// else, so that a batch of small messages costs no allocation each.
//
// Threading: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/payload.h"
#include "model/sequence.h"

namespace mts {

struct NewMessage {
  std::string_view subject;
  std::string_view headers;  // encoded, see model/headers.h
  std::string_view payload;  // inline, unless `reference` is set
  const PayloadReference* reference = nullptr;
  std::string_view message_id;  // empty: no deduplication
  std::optional<Sequence> expected_last_sequence;
  std::optional<int64_t> ttl_micros;
};

struct StoredMessage {
  std::string_view subject;
  Sequence sequence;
  Timestamp time;
  std::string_view headers;      // encoded
  std::string_view payload;      // empty when left out (see payload_included) or by reference
  bool payload_included = true;  // false: longer than the reader's limit, or by reference
  uint64_t size = 0;             // of the whole payload; 0 for kNamed (not known)
  std::optional<PayloadReference> reference;
};

// The name that every door gives for a message's payload: the key of a reference, else made of subject and sequence.
std::string ObjectName(std::string_view subject, Sequence sequence, const PayloadReference* reference);

}  // namespace mts
