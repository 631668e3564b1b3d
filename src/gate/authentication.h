// Who may come in: the users of the configuration, by chap-sha1 or pap-sha256.
//
// Threading: any. Errors: one and the same for an unknown user and a wrong password. Limits: none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "iproto/error.h"
#include "iproto/packet.h"

namespace mts::gate {

// The anonymous user of the protocol; it sees that there is a server, and nothing else.
inline constexpr std::string_view kGuest = "guest";

class Authentication {
 public:
  // Passwords by user.
  explicit Authentication(absl::flat_hash_map<std::string, std::string> users) : users_(std::move(users)) {}

  // Checks a request of the type kAuth; `user` becomes who it proves to be.
  std::optional<iproto::Error> Check(const iproto::Body& body, std::string_view salt, std::string& user) const;

 private:
  const absl::flat_hash_map<std::string, std::string> users_;
};

}  // namespace mts::gate
