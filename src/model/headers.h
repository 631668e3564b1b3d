// A message's headers, kept as the msgpack map that came in, so that values keep their types through the Tarantool
// door. gRPC and HTTP show strings, numbers and booleans as text; other types are left out there.
//
// Encoded form: a msgpack map, or nothing at all for no headers. Threading: values and pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace mts {

// Builds the encoded form from text pairs: Begin(n), then n times Add. Appends to a string that the caller owns, so
// that a batch needs one allocation. Begin(0) appends nothing.
class HeadersEncoder {
 public:
  explicit HeadersEncoder(std::string& to) : to_(to) {}
  void Begin(size_t count);
  void Add(std::string_view key, std::string_view value);

 private:
  std::string& to_;
};

// INVALID_ARGUMENT unless `encoded` is empty or exactly one msgpack map with string keys, nested at most 32 deep.
absl::Status ValidateEncodedHeaders(std::string_view encoded);

// Calls `visit` with each header that can be shown as text. Stops at the first byte that is not valid.
void ForEachHeaderText(std::string_view encoded,
                       absl::FunctionRef<void(std::string_view key, std::string_view value)> visit);

// The text of one header, or empty.
std::string HeaderText(std::string_view encoded, std::string_view key);

}  // namespace mts
