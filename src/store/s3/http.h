// An HTTP request and its response, as far as S3 needs them.
//
// Threading: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace mts::store::s3 {

struct Header {
  std::string name;  // lower case
  std::string value;
};
using Headers = std::vector<Header>;

struct QueryParameter {
  std::string name;
  std::string value;
};
using Query = std::vector<QueryParameter>;

// A body in pieces, which need to live until the answer.
using BodyPieces = std::vector<std::string_view>;

inline uint64_t SizeOf(const BodyPieces& body) {
  uint64_t size = 0;
  for (const std::string_view piece : body) size += piece.size();
  return size;
}

struct HttpRequest {
  std::string method;
  std::string url;
  Headers headers;
  BodyPieces body;
  uint64_t max_response_bytes = 1 << 20;
  int64_t deadline_micros = 0;  // of SystemClock().MonotonicMicros()
  int64_t stall_micros = 0;     // nothing moves for so long: given up; 0: only the deadline counts
  bool urgent = false;          // goes before those that wait for a connection
};

struct HttpResponse {
  int status = 0;  // 0: none came
  Headers headers;
  std::string body;  // what came of it, also when the connection broke

  // Empty when it is not there.
  std::string_view Find(std::string_view name) const {
    for (const Header& header : headers) {
      if (header.name == name) return header.value;
    }
    return {};
  }
};

// The status tells about the transport only: UNAVAILABLE (broken or refused connection, also in the middle of a body),
// DEADLINE_EXCEEDED, INTERNAL (a body longer than allowed).
using HttpDone = absl::AnyInvocable<void(absl::Status transport, HttpResponse response)>;

}  // namespace mts::store::s3
