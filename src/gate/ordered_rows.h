// The rows of a select that come in any order: keeps the first ones of the order asked for.
//
// Threading: a value, one thread. Errors: RESOURCE_EXHAUSTED when the answer would be too long. Limits: kMaxRows.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "gate/select_request.h"

namespace mts::gate {

class OrderedRows {
 public:
  // Of one answer, the rows that an offset skips included.
  static constexpr size_t kMaxRows = 20'000;

  explicit OrderedRows(const SelectRequest& request);

  // `row` is encoded. `sort_key` is the whole key of the index, made unique by the primary key.
  absl::Status Add(Key sort_key, std::string row);

  uint32_t count() const;
  std::string Encoded() const;

 private:
  // Orders keys as the request has it.
  struct Order {
    bool descending;
    bool operator()(const Key& a, const Key& b) const { return descending ? b < a : a < b; }
  };

  const uint64_t offset_;
  const uint64_t wanted_;
  std::map<Key, std::string, Order> rows_;
};

}  // namespace mts::gate
