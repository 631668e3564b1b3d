// The 128 bytes that a server sends first: two lines of 64, the second with the salt for authentication.
//
// Threading: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mts::iproto {

// `salt` is 32 random bytes; `instance` a UUID as text.
std::string MakeGreeting(std::string_view version, std::string_view instance, std::string_view salt);

// The salt of a greeting, 32 bytes; nothing if this is not one.
std::optional<std::string> SaltOfGreeting(std::string_view greeting);

}  // namespace mts::iproto
