#include "iproto/greeting.h"

#include "absl/strings/escaping.h"
#include "base/text.h"
#include "iproto/protocol.h"

namespace mts::iproto {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kSaltTextBytes = 44;  // 32 bytes in base64

}  // namespace

std::string MakeGreeting(std::string_view version, std::string_view instance, std::string_view salt) {
  std::string greeting = Concat("Tarantool ", version, " (Binary) ", instance);
  greeting.resize(kLine - 1, ' ');
  greeting += '\n';
  greeting += absl::Base64Escape(ToAbsl(salt));
  greeting.resize(2 * kLine - 1, ' ');
  greeting += '\n';
  return greeting;
}

std::optional<std::string> SaltOfGreeting(std::string_view greeting) {
  if (greeting.size() != kGreetingBytes || greeting.substr(0, 10) != "Tarantool ") return std::nullopt;
  std::string salt;
  if (!absl::Base64Unescape(ToAbsl(greeting.substr(kLine, kSaltTextBytes)), &salt) || salt.size() < kSaltBytes) {
    return std::nullopt;
  }
  return salt;
}

}  // namespace mts::iproto
