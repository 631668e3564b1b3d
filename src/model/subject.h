// Subjects and patterns: the one rule for permissions, retention and consuming (design section 7).
//
// A subject is 1 to 255 bytes of UTF-8 without control characters, spaces, `*` or `>`. A pattern is `*` (all), `a.b.*`
// (a.b and everything below it), or a subject, which matches itself only.
//
// Threading: values and pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mts {

// INVALID_ARGUMENT saying what is wrong; an empty subject gives exactly "subject cannot be empty".
absl::Status ValidateSubject(std::string_view subject);

// INVALID_ARGUMENT saying what is wrong; an empty name gives exactly "durable_name cannot be empty".
absl::Status ValidateDurableName(std::string_view name);

// Whole, shortest-form UTF-8 without surrogates (RFC 3629).
bool IsValidUtf8(std::string_view text);

class Pattern {
 public:
  enum class Kind { kExact, kBelow, kAll };

  static absl::StatusOr<Pattern> Parse(std::string_view text);
  // For a subject that is known to be valid.
  static Pattern Exact(std::string_view subject) { return Pattern(Kind::kExact, std::string(subject)); }
  static Pattern All() { return Pattern(Kind::kAll, {}); }

  bool Matches(std::string_view subject) const;
  Kind kind() const { return kind_; }
  bool exact() const { return kind_ == Kind::kExact; }
  // kExact: the subject. kBelow: the part before `.*`. kAll: empty.
  const std::string& base() const { return base_; }
  // As written.
  std::string ToString() const;
  bool operator==(const Pattern&) const = default;

 private:
  Pattern(Kind kind, std::string base) : kind_(kind), base_(std::move(base)) {}

  Kind kind_;
  std::string base_;
};

}  // namespace mts
