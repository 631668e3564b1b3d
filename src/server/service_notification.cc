#include "server/service_notification.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "absl/cleanup/cleanup.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::server {
namespace {

// A name that begins with @ is of the abstract namespace, where the kernel wants a zero byte instead.
bool FillAddress(std::string_view name, sockaddr_un& address, socklen_t& length) {
  if (name.size() < 2 || name.size() >= sizeof(address.sun_path) || (name[0] != '/' && name[0] != '@')) return false;
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path);
  if (name[0] == '@') address.sun_path[0] = '\0';
  length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return true;
}

}  // namespace

absl::Status NotifyServiceManager(std::string_view state) {
  const char* const name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return absl::OkStatus();
  sockaddr_un address{};
  socklen_t length = 0;
  if (!FillAddress(name, address, length)) {
    return absl::InvalidArgumentError(Concat("NOTIFY_SOCKET is '", name, "', which names no socket"));
  }
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return ErrnoStatus(errno, "a socket for the service manager");
  const absl::Cleanup closing = [descriptor] { close(descriptor); };
  const ssize_t sent =
      sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), length);
  if (sent < 0) return ErrnoStatus(errno, Concat("telling the service manager at NOTIFY_SOCKET ", name));
  return absl::OkStatus();
}

}  // namespace mts::server
