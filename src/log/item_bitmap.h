// A set of small numbers out of many lists of a name table: made once by reading the lists through, kept in the cache,
// then cheap to ask. It serves patterns that match much.
//
// Threading: values that do not change any more. Errors: DATA_LOSS for a number that is too large, those of the file.
// Limits: one bit a message of the segment, or a segment of the tier.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "log/name_table.h"

namespace mts::log {

class ItemBitmap {
 public:
  // The numbers of the lists of `ranges`, each less than `bits`; an item's number is its first four bytes.
  static absl::StatusOr<ItemBitmap> Of(const NameTable& table, const NameRanges& ranges, uint64_t bits);

  // The first number in the set from `from` on, less than `end`; `end` if there is none.
  uint64_t Next(uint64_t from, uint64_t end) const;
  uint64_t CountFrom(uint64_t from, uint64_t end) const;

 private:
  explicit ItemBitmap(std::shared_ptr<const std::string> words) : words_(std::move(words)) {}
  uint64_t Word(uint64_t index) const;

  std::shared_ptr<const std::string> words_;
};

}  // namespace mts::log
