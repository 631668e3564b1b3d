// Concatenation of text and numbers. Debian's Abseil is built with a string_view of its own, so that absl::StrCat does
// not take std::string_view; this does.
//
// Threading: pure functions.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace mts {

inline absl::string_view ToAbsl(std::string_view text) { return absl::string_view(text.data(), text.size()); }
inline std::string_view ToStd(absl::string_view text) { return std::string_view(text.data(), text.size()); }

// Passes everything that absl::StrCat takes as it is, text as a view.
template <typename T>
inline decltype(auto) AsPiece(const T& part) {
  if constexpr (std::convertible_to<const T&, std::string_view>) {
    return ToAbsl(std::string_view(part));
  } else {
    return (part);
  }
}

// As absl::StrCat, for std::string_view too.
template <typename... Parts>
inline std::string Concat(const Parts&... parts) {
  return absl::StrCat(AsPiece(parts)...);
}

}  // namespace mts
