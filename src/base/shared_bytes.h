// Bytes that are passed on without a copy: a string of their own, or a part of a block that somebody else keeps too.
//
// Threading: a value; what it refers to never changes. Errors: none. Limits: a part keeps its whole block in memory:
// hold it while the bytes are on their way, and make a string of what is to stay.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace mts {

class SharedBytes {
 public:
  SharedBytes() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a string is such bytes
  SharedBytes(std::string own) : own_(std::move(own)) {}
  // `part` lies in `block`.
  SharedBytes(std::shared_ptr<const std::string> block, std::string_view part)
      : block_(std::move(block)), part_(part) {}

  std::string_view view() const { return block_ == nullptr ? std::string_view(own_) : part_; }
  size_t size() const { return view().size(); }
  bool empty() const { return view().empty(); }

  // NOLINTNEXTLINE(google-explicit-constructor): who wants a string gets one, without a copy if it is one
  operator std::string() && { return block_ == nullptr ? std::move(own_) : std::string(part_); }

 private:
  std::string own_;
  std::shared_ptr<const std::string> block_;
  std::string_view part_;
};

}  // namespace mts
