// Finding messages by the key of their object, for the cleaner's sweep; a message store that has no such index does not
// offer it.
//
// Threading, errors: as MessageStore.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "store/message_store.h"

namespace mts::store {

class KeyIndex {
 public:
  virtual ~KeyIndex() = default;
  // How many keys one NamedKeys takes; at least 1.
  virtual size_t max_named_keys() const = 0;
  // Which of these keys of objects messages name.
  virtual void NamedKeys(std::vector<std::string> keys, Done<std::vector<std::string>> done) = 0;
};

}  // namespace mts::store
