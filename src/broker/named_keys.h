// Which object keys messages name: by an index where there is one, else by reading through all messages.
//
// Threading: blocks on the caller's thread. Errors: those of the store. Limits: memory follows the keys given.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "store/key_index.h"
#include "store/message_store.h"

namespace mts::broker {

using KeySet = absl::flat_hash_set<std::string>;

// `index` may be null.
absl::StatusOr<KeySet> FindNamedKeys(store::MessageStore& messages, store::KeyIndex* index,
                                     const std::vector<std::string>& keys);

}  // namespace mts::broker
