#include "iproto/scramble.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "iproto/protocol.h"

namespace mts::iproto {
namespace {

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string Sha1(std::string_view text) {
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1(Bytes(text), text.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string Sha256(std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(Bytes(text), text.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace

std::string ChapSha1Scramble(std::string_view password, std::string_view salt) {
  std::string scramble = Sha1(password);
  std::string salted(salt.substr(0, kSaltBytes));
  salted += Sha1(scramble);
  const std::string mask = Sha1(salted);
  for (size_t i = 0; i < scramble.size(); ++i) scramble[i] = static_cast<char>(scramble[i] ^ mask[i]);
  return scramble;
}

bool CheckChapSha1(std::string_view scramble, std::string_view password, std::string_view salt) {
  const std::string expected = ChapSha1Scramble(password, salt);
  return scramble.size() == expected.size() && CRYPTO_memcmp(scramble.data(), expected.data(), expected.size()) == 0;
}

bool CheckPapSha256(std::string_view given, std::string_view password) {
  const std::string left = Sha256(given);
  const std::string right = Sha256(password);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace mts::iproto
