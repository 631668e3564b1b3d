// A select, checked against the schema.
//
// Threading: values and pure functions. Errors: with Tarantool's numbers and texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gate/schema.h"
#include "iproto/error.h"
#include "iproto/packet.h"

namespace mts::gate {

// A number or a text, as a part of a key.
using KeyPart = std::variant<uint64_t, std::string>;
using Key = std::vector<KeyPart>;

struct SelectRequest {
  const Space* space = nullptr;
  const Index* index = nullptr;
  iproto::Iterator iterator = iproto::Iterator::kEqual;
  uint64_t offset = 0;
  uint64_t limit = 0;
  Key key;  // of as many parts as the index has, or fewer

  bool descending() const {
    return iterator == iproto::Iterator::kEqualReversed || iterator == iproto::Iterator::kLess ||
           iterator == iproto::Iterator::kLessOrEqual;
  }
};

std::variant<SelectRequest, iproto::Error> DecodeSelect(const iproto::Body& body, bool is_guest);

// That an index does not go that way.
iproto::Error UnsupportedIterator(const SelectRequest& request);

// Whether a row belongs to the answer, by the parts of its key that the request's key has.
bool Selects(const SelectRequest& request, const Key& row_key);

}  // namespace mts::gate
