// A server of the Tarantool protocol: accepts connections and gives each a session of the caller's.
//
// Threading: the session factory and all sessions of a connection run on one of the server's own threads. Start and
// Shutdown from the owner. Errors: from Start, when the address is taken or is none. Limits: connections, and
// ConnectionLimits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "iproto/event_loop.h"
#include "iproto/memory_budget.h"
#include "iproto/server_connection.h"
#include "iproto/session.h"

namespace mts::iproto {

struct ServerOptions {
  std::string listen;             // host:port
  std::string version = "2.6.0";  // that the greeting tells
  int threads = 1;
  uint32_t max_connections = 10'000;              // further ones are closed at once
  uint64_t max_memory_bytes = 256 * 1024 * 1024;  // of long requests and waiting replies together
  ConnectionLimits limits;
};

class Server : private EventLoop::Watcher {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, SessionFactory factory);
  ~Server() override;

  int port() const { return port_; }
  uint32_t connections() const;

  // Accepts nothing more, reads nothing more, answers what was read for at most `grace_micros`, then closes everything.
  void Shutdown(int64_t grace_micros);

 private:
  struct Thread {
    EventLoop loop;
    // The loop's thread only.
    absl::flat_hash_map<ServerConnection*, std::shared_ptr<ServerConnection>> connections;
  };

  Server(ServerOptions options, SessionFactory factory);

  absl::Status Open();
  void OnEvents(uint32_t events) override;
  // False when nothing more can be accepted now.
  bool AcceptOne();
  void Begin(Thread& thread, int fd);
  void OnClosed(Thread& thread, ServerConnection* connection);
  void OnTick(Thread& thread);

  const ServerOptions options_;
  SessionFactory factory_;
  const std::shared_ptr<MemoryBudget> budget_;
  std::string instance_;
  int listener_ = -1;
  int port_ = 0;
  std::vector<std::unique_ptr<Thread>> threads_;
  size_t next_thread_ = 0;        // the first loop's thread only
  bool accepting_ = true;         // the same
  bool listening_again_ = false;  // the same: descriptors ran out, the next tick tries again

  mutable absl::Mutex mutex_;
  absl::CondVar closed_;
  uint32_t connections_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace mts::iproto
