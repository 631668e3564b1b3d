#include "tests/servers/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "tests/servers/program.h"

namespace mts::testing {
namespace {

// A connection that ends with a reset instead of an orderly end.
void Reset(int fd) {
  const linger reset{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  ::shutdown(fd, SHUT_RDWR);
}

bool SendAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

TcpProxy::TcpProxy(uint16_t target_port) : target_port_(target_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) std::abort();
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { Accept(); });
}

TcpProxy::~TcpProxy() {
  ends_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  CloseAll();
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  ::close(listener_);
}

void TcpProxy::CutRequestsAfter(uint64_t bytes, uint64_t count) {
  requests_.after = bytes;
  requests_.left = count;
}

void TcpProxy::CutAnswersAfter(uint64_t bytes, uint64_t count) {
  answers_.after = bytes;
  answers_.left = count;
}

void TcpProxy::Refuse(bool refused) {
  refused_ = refused;
  if (refused) CloseAll();
}

void TcpProxy::CloseAll() {
  absl::MutexLock lock(&mutex_);
  for (const int fd : sockets_) Reset(fd);
}

void TcpProxy::Accept() {
  while (!ends_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    if (ends_ || refused_) {
      Reset(client);
      ::close(client);
      continue;
    }
    ++connections_;
    absl::MutexLock lock(&mutex_);
    sockets_.push_back(client);
    threads_.emplace_back([this, client] { Serve(client); });
  }
}

void TcpProxy::Serve(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  {
    absl::MutexLock lock(&mutex_);
    sockets_.push_back(server);
  }
  const int on = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const sockaddr_in address = Loopback(target_port_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    std::thread back([&] { Pass(server, client, answers_); });
    Pass(client, server, requests_);
    back.join();
  }
  absl::MutexLock lock(&mutex_);
  for (const int fd : {client, server}) {
    sockets_.erase(std::find(sockets_.begin(), sockets_.end(), fd));
    Reset(fd);
    ::close(fd);
  }
}

void TcpProxy::Pass(int from, int to, Cut& cut) {
  std::vector<char> buffer(64 * 1024);
  uint64_t passed = 0;
  while (true) {
    const uint64_t rate = rate_;
    const size_t room = rate == 0 ? buffer.size() : std::clamp<size_t>(rate / 50, 1, buffer.size());
    const ssize_t got = ::recv(from, buffer.data(), room, 0);
    if (got <= 0) break;
    while (stalled_ && !ends_) PauseMillis(5);
    if (rate != 0) PauseMillis(static_cast<int64_t>(got) * 1000 / static_cast<int64_t>(rate));
    if (!SendAll(to, buffer.data(), static_cast<size_t>(got))) break;
    passed += static_cast<uint64_t>(got);
    if (passed >= cut.after && cut.left > 0) {
      --cut.left;
      ++cuts_;
      break;
    }
  }
  Reset(from);
  Reset(to);
}

}  // namespace mts::testing
