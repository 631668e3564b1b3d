// Packets: finding them in a stream of bytes, reading a request's header and body, writing replies.
//
// Threading: pure functions. Errors: nothing is read past the end; a length that lies, a map that is cut short or deep
// nesting makes the decoder answer false. Views point into the bytes given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "iproto/error.h"
#include "iproto/protocol.h"

namespace mts::iproto {

// ---- Finding

struct Frame {
  enum class State { kWhole, kPartial, kTooLong, kInvalid };
  State state = State::kPartial;
  std::string_view packet;   // kWhole: header and body
  uint64_t head_bytes = 0;   // of the length in front, where known
  uint64_t total_bytes = 0;  // kWhole: with the length in front; kPartial, where known: what it will be
};

// The packet at the start of `bytes`; one longer than `max_packet_bytes` is kTooLong before it has arrived.
Frame NextFrame(std::string_view bytes, uint64_t max_packet_bytes);

// ---- Requests

struct Request {
  RequestType type = RequestType::kOk;
  uint64_t sync = 0;
  uint64_t schema_version = 0;  // 0: the client does not care
  std::string_view body;        // a map, or nothing
};

// False when the header is not a map with a type; `request.sync` is set where it was found.
bool DecodeHeader(std::string_view packet, Request& request);

// The fields of a body that any of our requests has, each as it stands: still encoded where it is a composed value.
struct Body {
  std::optional<std::string_view> function_name;
  std::optional<std::string_view> user_name;
  std::optional<std::string_view> tuple;  // encoded; an array
  std::optional<std::string_view> key;    // encoded; an array
  std::optional<uint64_t> space_id;
  std::optional<uint64_t> index_id;
  std::optional<uint64_t> limit;
  std::optional<uint64_t> offset;
  std::optional<uint64_t> iterator;
};

// False when it is not one map of values with the right types. Unknown keys are skipped.
bool DecodeBody(std::string_view encoded, Body& body);

// ---- Replies; each appends one whole packet

// Encoded values: what stands in the array `data` of a reply.
struct Values {
  uint32_t count = 0;
  std::string encoded;
};

void AppendReply(std::string& to, uint64_t sync, uint32_t schema_version, uint32_t count, std::string_view encoded);
void AppendEmptyReply(std::string& to, uint64_t sync, uint32_t schema_version);  // of ping and auth
// A reply with a body of its own, an encoded map.
void AppendReplyBody(std::string& to, uint64_t sync, uint32_t schema_version, std::string_view body);
void AppendError(std::string& to, uint64_t sync, uint32_t schema_version, const Error& error);

// A reply written in place: BeginReply, then the encoded elements of `data`, whose number is known, then EndReply.
size_t BeginReply(std::string& to, uint64_t sync, uint32_t schema_version, uint32_t count);
void EndReply(std::string& to, size_t begin);

}  // namespace mts::iproto
