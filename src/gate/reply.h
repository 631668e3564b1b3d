// The way back of one request: exactly one of Values and Fail is called, once, from any thread.
//
// Threading: a value that moves; one thread at a time. Errors: none; a connection that is gone takes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "iproto/error.h"
#include "iproto/session.h"

namespace mts::gate {

// Our tables never change while the server runs.
inline constexpr uint32_t kSchemaVersion = 1;

// What is known of a request when it comes, and decides how its reply looks.
struct ReplyHead {
  uint64_t sync = 0;
  bool as_tuples = false;  // the older call
};

// Appends the packet to `to`.
void AppendValues(std::string& to, ReplyHead head, uint32_t count, std::string_view encoded);

class Reply {
 public:
  Reply(std::shared_ptr<iproto::ReplyChannel> channel, ReplyHead head, uint64_t reserved)
      : channel_(std::move(channel)), head_(head), reserved_(reserved) {}
  Reply(Reply&&) = default;
  Reply& operator=(Reply&&) = default;

  // `encoded` are `count` msgpack values.
  void Values(uint32_t count, std::string_view encoded);
  void Value(std::string_view encoded) { Values(1, encoded); }
  void Fail(const iproto::Error& error);
  void Fail(const absl::Status& status) { Fail(iproto::ErrorOf(status)); }

 private:
  std::shared_ptr<iproto::ReplyChannel> channel_;
  ReplyHead head_;
  uint64_t reserved_;
};

}  // namespace mts::gate
