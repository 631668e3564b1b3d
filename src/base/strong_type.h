// Integers that cannot be mixed with others of another meaning.
//
// Threading: a value. Errors: none. Limits: those of the underlying integer; arithmetic is the caller's business
// through value().
#pragma once

#include <compare>
#include <cstdint>
#include <ostream>

namespace mts {

template <typename Tag, typename T>
class StrongType {
 public:
  constexpr StrongType() = default;
  constexpr explicit StrongType(T value) : value_(value) {}
  constexpr T value() const { return value_; }
  constexpr auto operator<=>(const StrongType&) const = default;
  constexpr StrongType Next() const { return StrongType(value_ + 1); }

  template <typename H>
  friend H AbslHashValue(H h, StrongType v) {
    return H::combine(std::move(h), v.value_);
  }
  friend std::ostream& operator<<(std::ostream& out, StrongType v) { return out << v.value_; }

 private:
  T value_ = 0;
};

}  // namespace mts
