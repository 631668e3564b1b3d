// The arguments and answers of mts.append.
//
// Threading: pure functions. Errors: an answer that cannot be read is UNAVAILABLE (see answer.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/message.h"
#include "store/message_store.h"

namespace mts::store {

// The messages of one batch, an encoded array. One copy of each payload.
std::string EncodeBatch(absl::Span<const NewMessage> batch);

struct EncodedBatch {
  uint64_t stream = 0;  // batches of the same stream but 0 keep their order
  std::string_view messages;
};
// `caller` and `call` are what Tarantool knows the call again by.
std::string EncodeAppend(const std::vector<EncodedBatch>& batches, std::string_view caller, uint64_t call);

// One outcome for each of the `count` batches.
absl::StatusOr<std::vector<AppendOutcome>> DecodeAppend(std::string_view data, size_t count);

}  // namespace mts::store
