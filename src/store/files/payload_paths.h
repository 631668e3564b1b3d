// Names of payload files: 32 hex digits drawn at random, so that nothing a client sends ever becomes a path.
//
// Threading: values and pure functions. Errors: none; a key that is not one of ours has no path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mts::store {

// 16 bytes from the system's random source as lower-case hex digits.
std::string NewPayloadKey();

// 32 lower-case hex digits and nothing else.
bool IsPayloadKey(std::string_view key);

// Which of the 65,536 directories a key's file lies in.
struct FanOut {
  uint16_t index = 0;
  static FanOut OfKey(std::string_view key);
  auto operator<=>(const FanOut&) const = default;
};

class PayloadPaths {
 public:
  explicit PayloadPaths(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string incoming() const;                      // <root>/incoming
  std::string Incoming(std::string_view key) const;  // <root>/incoming/<key>
  std::string UpperDirectory(FanOut fan_out) const;  // <root>/xx
  std::string Directory(FanOut fan_out) const;       // <root>/xx/yy
  std::string Kept(std::string_view key) const;      // <root>/xx/yy/<key>

 private:
  const std::string root_;
};

}  // namespace mts::store
