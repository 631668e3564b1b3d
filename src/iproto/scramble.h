// Proofs of a password. chap-sha1: sha1(password) xor sha1(salt, sha1(sha1(password))); pap-sha256: the password
// itself, for connections that are encrypted or local.
//
// Threading: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace mts::iproto {

// `salt` is at least kSaltBytes long; its first kSaltBytes count. 20 bytes.
std::string ChapSha1Scramble(std::string_view password, std::string_view salt);

// Both take the same time for every wrong proof of the same length.
bool CheckChapSha1(std::string_view scramble, std::string_view password, std::string_view salt);
bool CheckPapSha256(std::string_view given, std::string_view password);

}  // namespace mts::iproto
