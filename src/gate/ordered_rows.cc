#include "gate/ordered_rows.h"

#include <algorithm>
#include <utility>

namespace mts::gate {

OrderedRows::OrderedRows(const SelectRequest& request)
    : offset_(request.offset),
      wanted_(request.limit > UINT64_MAX - request.offset ? UINT64_MAX : request.limit + request.offset),
      rows_(Order{request.descending()}) {}

absl::Status OrderedRows::Add(Key sort_key, std::string row) {
  if (wanted_ == offset_) return absl::OkStatus();
  rows_.emplace(std::move(sort_key), std::move(row));
  if (rows_.size() > wanted_) rows_.erase(std::prev(rows_.end()));
  if (rows_.size() <= kMaxRows) return absl::OkStatus();
  return absl::ResourceExhaustedError("the answer is too long: select with a limit");
}

uint32_t OrderedRows::count() const {
  return rows_.size() <= offset_ ? 0 : static_cast<uint32_t>(rows_.size() - offset_);
}

std::string OrderedRows::Encoded() const {
  std::string encoded;
  uint64_t position = 0;
  for (const auto& [key, row] : rows_) {
    if (position++ >= offset_) encoded += row;
  }
  return encoded;
}

}  // namespace mts::gate
