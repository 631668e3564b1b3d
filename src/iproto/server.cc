#include "iproto/server.h"

#include <openssl/rand.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "iproto/greeting.h"
#include "iproto/listen_socket.h"
#include "spdlog/spdlog.h"

namespace mts::iproto {
namespace {

constexpr size_t kGreetingSaltBytes = 32;

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count));
  return bytes;
}

// A random UUID as text.
std::string MakeInstance() {
  const std::string hex = absl::BytesToHexString(RandomBytes(16));
  const std::string_view text = hex;
  return Concat(text.substr(0, 8), "-", text.substr(8, 4), "-4", text.substr(13, 3), "-8", text.substr(17, 3), "-",
                text.substr(20, 12));
}

}  // namespace

Server::Server(ServerOptions options, SessionFactory factory)
    : options_(std::move(options)),
      factory_(std::move(factory)),
      budget_(std::make_shared<MemoryBudget>(options_.max_memory_bytes)),
      instance_(MakeInstance()) {}

Server::~Server() { Shutdown(0); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, SessionFactory factory) {
  std::unique_ptr<Server> server(new Server(std::move(options), std::move(factory)));
  if (absl::Status status = server->Open(); !status.ok()) return status;
  return server;
}

absl::Status Server::Open() {
  absl::StatusOr<int> listener = Listen(options_.listen);
  if (!listener.ok()) return listener.status();
  listener_ = *listener;
  port_ = BoundPort(listener_);
  for (int i = 0; i < options_.threads; ++i) {
    auto thread = std::make_unique<Thread>();
    Thread* raw = thread.get();
    if (absl::Status status = thread->loop.Start([this, raw] { OnTick(*raw); }); !status.ok()) return status;
    threads_.push_back(std::move(thread));
  }
  EventLoop& first = threads_.front()->loop;
  first.Post([this, &first] {
    if (absl::Status status = first.Add(listener_, EPOLLIN, this); !status.ok()) {
      spdlog::error("tarantool protocol: {}", std::string(status.ToString()));
    }
  });
  return absl::OkStatus();
}

uint32_t Server::connections() const {
  absl::MutexLock lock(&mutex_);
  return connections_;
}

// ---- Accepting

void Server::OnEvents(uint32_t events) {
  constexpr int kAtATime = 64;
  for (int i = 0; i < kAtATime && AcceptOne(); ++i) {
  }
}

bool Server::AcceptOne() {
  if (!accepting_) return false;
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      spdlog::warn("tarantool protocol: no connection can be accepted: {}",
                   std::string(ErrnoStatus(errno, "accept").message()));
      threads_.front()->loop.Modify(listener_, 0, this);
      listening_again_ = true;
      return false;
    }
    return errno == EINTR || errno == ECONNABORTED;
  }
  {
    absl::MutexLock lock(&mutex_);
    if (connections_ >= options_.max_connections) {
      close(fd);
      return true;
    }
    ++connections_;
  }
  SetConnectionOptions(fd);
  Thread& thread = *threads_[next_thread_++ % threads_.size()];
  thread.loop.Post([this, &thread, fd] { Begin(thread, fd); });
  return true;
}

void Server::Begin(Thread& thread, int fd) {
  auto connection =
      std::make_shared<ServerConnection>(fd, &thread.loop, budget_, options_.limits,
                                         [this, &thread](ServerConnection* closed) { OnClosed(thread, closed); });
  thread.connections.emplace(connection.get(), connection);
  std::string salt = RandomBytes(kGreetingSaltBytes);
  const std::string greeting = MakeGreeting(options_.version, instance_, salt);
  connection->Begin(factory_(connection, std::move(salt), PeerOf(fd)), greeting);
}

void Server::OnClosed(Thread& thread, ServerConnection* connection) {
  thread.connections.erase(connection);
  absl::MutexLock lock(&mutex_);
  --connections_;
  closed_.SignalAll();
}

void Server::OnTick(Thread& thread) {
  if (&thread == threads_.front().get() && std::exchange(listening_again_, false)) {
    thread.loop.Modify(listener_, EPOLLIN, this);
  }
  std::vector<std::shared_ptr<ServerConnection>> connections;
  connections.reserve(thread.connections.size());
  for (const auto& [key, connection] : thread.connections) connections.push_back(connection);
  const int64_t now = SystemClock().MonotonicMicros();
  for (const auto& connection : connections) connection->OnTick(now);
}

// ---- The end

void Server::Shutdown(int64_t grace_micros) {
  if (threads_.empty()) {
    if (listener_ >= 0) close(std::exchange(listener_, -1));
    return;
  }
  EventLoop& first = threads_.front()->loop;
  first.Post([this, &first] {
    accepting_ = false;
    first.Remove(listener_, this);
  });
  const auto for_each_connection = [this](void (ServerConnection::*method)()) {
    for (const auto& thread : threads_) {
      thread->loop.Post([thread = thread.get(), method] {
        std::vector<std::shared_ptr<ServerConnection>> connections;
        for (const auto& [key, connection] : thread->connections) connections.push_back(connection);
        for (const auto& connection : connections) (connection.get()->*method)();
      });
    }
  };
  for_each_connection(&ServerConnection::Drain);
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time deadline = absl::Now() + absl::Microseconds(grace_micros);
    while (connections_ > 0 && !closed_.WaitWithDeadline(&mutex_, deadline)) {
    }
  }
  for_each_connection(&ServerConnection::Close);
  for (const auto& thread : threads_) thread->loop.Stop();
  // What was accepted while the others were being closed.
  for (const auto& thread : threads_) {
    while (!thread->connections.empty()) thread->connections.begin()->second->Close();
  }
  threads_.clear();
  close(std::exchange(listener_, -1));
}

}  // namespace mts::iproto
