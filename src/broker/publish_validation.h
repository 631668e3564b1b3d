// The rules for what may be published (design section 7): subjects, headers, ids, sizes.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT with the text that the client sees; UNIMPLEMENTED for a ttl.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "broker/options.h"
#include "model/message.h"

namespace mts::broker {

struct Validation {
  absl::Status status;
  std::optional<uint32_t> refused_position;
};

// All but the payload's size.
absl::Status ValidateMessageFrame(const NewMessage& message, const Limits& limits);
absl::Status ValidateMessage(const NewMessage& message, const Limits& limits);
Validation ValidateBatch(absl::Span<const NewMessage> batch, const Limits& limits);

}  // namespace mts::broker
