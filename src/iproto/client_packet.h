// The client's side of packets: requests that it sends, replies that it reads.
//
// Threading: pure functions. Errors: nothing is read past the end; a reply that is none, cut short or nested deeply
// makes the decoder answer false. Views point into the bytes given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace mts::iproto {

// Everything of a call before its arguments, an encoded array of `arguments_bytes` that must follow.
void AppendCallHead(std::string& to, uint64_t sync, std::string_view function, uint64_t arguments_bytes);
// Proof of a password by chap-sha1; `salt` as the greeting gave it.
void AppendAuth(std::string& to, uint64_t sync, std::string_view user, std::string_view password,
                std::string_view salt);

struct ReplyView {
  uint64_t sync = 0;
  uint32_t error = 0;           // Tarantool's number; 0: none
  std::string_view error_text;  // where there is an error
  std::string_view data;        // encoded array; empty for replies that have none
};

// `packet` without the length in front.
bool DecodeReply(std::string_view packet, ReplyView& reply);

// What an error of Tarantool means to who asked. kReadOnly and kLoading mean that the call was not executed.
absl::Status StatusOfError(uint32_t error, std::string_view text);
bool WasNotExecuted(uint32_t error);

}  // namespace mts::iproto
