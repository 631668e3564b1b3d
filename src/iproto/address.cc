#include "iproto/address.h"

#include <sys/socket.h>

#include "base/status.h"
#include "base/text.h"

namespace mts::iproto {

absl::StatusOr<HostPort> SplitAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) {
    return absl::InvalidArgumentError(Concat("'", address, "' is not an address (host:port)"));
  }
  std::string_view host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return HostPort{std::string(host), std::string(port)};
}

absl::StatusOr<AddressList> Resolve(std::string_view address, bool to_listen) {
  MTS_ASSIGN_OR_RETURN(const HostPort parts, SplitAddress(address));
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const char* host = parts.host.empty() ? nullptr : parts.host.c_str();
  if (const int error = getaddrinfo(host, parts.port.c_str(), &hints, &found); error != 0) {
    const std::string text = Concat("'", address, "': ", gai_strerror(error));
    return to_listen ? absl::InvalidArgumentError(text) : absl::UnavailableError(text);
  }
  return AddressList(found, &freeaddrinfo);
}

}  // namespace mts::iproto
