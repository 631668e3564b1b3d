#include "store/files/payload_paths.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>

#include "io/file_system.h"

namespace mts::store {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr char kDigits[] = "0123456789abcdef";

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

uint16_t HexValue(char c) { return static_cast<uint16_t>(c <= '9' ? c - '0' : c - 'a' + 10); }

void AppendHexByte(std::string& to, unsigned byte) {
  to.push_back(kDigits[byte >> 4]);
  to.push_back(kDigits[byte & 15]);
}

std::string HexByte(unsigned byte) {
  std::string text;
  AppendHexByte(text, byte);
  return text;
}

}  // namespace

std::string NewPayloadKey() {
  unsigned char bytes[kKeyBytes];
  // Up to 256 bytes, getentropy fails only where the system has no random source at all.
  if (::getentropy(bytes, sizeof(bytes)) != 0) std::abort();
  std::string key;
  key.reserve(2 * kKeyBytes);
  for (const unsigned char byte : bytes) AppendHexByte(key, byte);
  return key;
}

bool IsPayloadKey(std::string_view key) {
  return key.size() == 2 * kKeyBytes && std::all_of(key.begin(), key.end(), IsHexDigit);
}

FanOut FanOut::OfKey(std::string_view key) {
  uint16_t index = 0;
  for (const char c : key.substr(0, 4)) index = static_cast<uint16_t>(index << 4 | HexValue(c));
  return FanOut{index};
}

std::string PayloadPaths::incoming() const { return io::JoinPath(root_, "incoming"); }

std::string PayloadPaths::Incoming(std::string_view key) const { return io::JoinPath(incoming(), key); }

std::string PayloadPaths::UpperDirectory(FanOut fan_out) const {
  return io::JoinPath(root_, HexByte(fan_out.index >> 8));
}

std::string PayloadPaths::Directory(FanOut fan_out) const {
  return io::JoinPath(UpperDirectory(fan_out), HexByte(fan_out.index & 255));
}

std::string PayloadPaths::Kept(std::string_view key) const { return io::JoinPath(Directory(FanOut::OfKey(key)), key); }

}  // namespace mts::store
