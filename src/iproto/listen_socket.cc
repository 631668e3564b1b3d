#include "iproto/listen_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/status.h"
#include "base/text.h"
#include "iproto/address.h"

namespace mts::iproto {
namespace {

constexpr int kBacklog = 1024;

absl::StatusOr<int> ListenOn(const addrinfo& where, std::string_view address) {
  const int fd = socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, Concat("socket for ", address));
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, where.ai_addr, where.ai_addrlen) != 0 || listen(fd, kBacklog) != 0) {
    absl::Status status = ErrnoStatus(errno, Concat("listening on ", address));
    close(fd);
    return status;
  }
  return fd;
}

}  // namespace

absl::StatusOr<int> Listen(std::string_view address) {
  MTS_ASSIGN_OR_RETURN(const AddressList addresses, Resolve(address, true));
  absl::StatusOr<int> fd = absl::InvalidArgumentError(Concat("'", address, "': no address"));
  for (const addrinfo* where = addresses.get(); where != nullptr; where = where->ai_next) {
    fd = ListenOn(*where, address);
    if (fd.ok()) break;
  }
  return fd;
}

int BoundPort(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  return 0;
}

bool IsLoopback(std::string_view address) {
  const absl::StatusOr<AddressList> addresses = Resolve(address, true);
  if (!addresses.ok()) return false;
  for (const addrinfo* where = addresses->get(); where != nullptr; where = where->ai_next) {
    if (where->ai_family == AF_INET) {
      const uint32_t host = ntohl(reinterpret_cast<const sockaddr_in*>(where->ai_addr)->sin_addr.s_addr);
      if ((host >> 24) != 127) return false;
    } else if (where->ai_family == AF_INET6) {
      if (!IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(where->ai_addr)->sin6_addr)) return false;
    } else {
      return false;
    }
  }
  return true;
}

void SetConnectionOptions(int fd) {
  const int on = 1;
  const int idle_seconds = 60, interval_seconds = 15, probes = 4, unacknowledged_millis = 60'000;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof(idle_seconds));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_seconds, sizeof(interval_seconds));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_millis, sizeof(unacknowledged_millis));
}

std::string PeerOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host, sizeof(host), port, sizeof(port),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown";
  }
  return Concat(host, ":", port);
}

}  // namespace mts::iproto
