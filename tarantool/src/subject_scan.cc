#include "tarantool/src/subject_scan.h"

#include "base/text.h"
#include "tarantool/src/instance.h"

namespace mts::tarantool {
namespace {

constexpr int kRowsWithoutYield = 2000;

}  // namespace

SubjectScan::SubjectScan(Instance& instance, const Pattern& pattern, std::string_view after)
    : index_(instance.spaces().subjects), pattern_(pattern), until_yield_(kRowsWithoutYield) {
  if (pattern.kind() == Pattern::Kind::kBelow) below_ = pattern.base() + ".";
  // The base itself comes before all that lies below it.
  base_is_next_ = pattern.kind() != Pattern::Kind::kAll && after < pattern.base();
  if (!pattern.exact()) Seek(after);
}

void SubjectScan::Seek(std::string_view after) {
  const bool inside = after >= below_ && !after.empty();
  scan_ =
      std::make_unique<Scan>(index_, inside ? ITER_GT : ITER_GE, MakeTuple(inside ? after : std::string_view(below_)));
}

box_tuple_t* SubjectScan::Next() {
  if (base_is_next_) {
    base_is_next_ = false;
    if (box_tuple_t* const base = Find(index_, MakeTuple(std::string_view(pattern_.base())))) return base;
  }
  if (scan_ == nullptr) return nullptr;
  if (--until_yield_ == 0) {
    until_yield_ = kRowsWithoutYield;
    scan_.reset();
    fiber_sleep(0);
    if (fiber_is_cancelled()) return nullptr;
    Seek(last_);
  }
  box_tuple_t* const row = scan_->Next();
  if (row == nullptr) return nullptr;
  const std::string_view name = TextField(row, field::kSubjectName);
  if (!name.starts_with(below_)) return nullptr;
  last_ = name;
  return row;
}

}  // namespace mts::tarantool
