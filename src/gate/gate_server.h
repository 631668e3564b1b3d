// The quick start's door: the Tarantool protocol over the broker and the message store, without a Tarantool: the
// clients of the quick start work unchanged.
//
// Life: Start listens and serves; Shutdown before the broker's and the stores' own. Threading: Start, Shutdown and port
// from the owner. Errors: from Start, when the address is taken or is none. Limits: GateOptions, and those of
// iproto/server.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "broker/broker.h"
#include "iproto/server.h"
#include "store/message_store.h"

namespace mts::gate {

inline constexpr char kDefaultListen[] = "127.0.0.1:3301";
inline constexpr char kDefaultUser[] = "minitoolstream";
inline constexpr char kDefaultPassword[] = "changeme";

struct GateOptions {
  std::string listen = kDefaultListen;
  // Passwords by user.
  absl::flat_hash_map<std::string, std::string> users = {{kDefaultUser, kDefaultPassword}};
  int threads = 1;
  uint32_t max_connections = 10'000;
  iproto::ConnectionLimits limits;
  const Clock* clock = &SystemClock();
};

// True when others than this machine can come in with the password that everybody knows.
bool IsOpenToEveryone(const GateOptions& options);

class GateServer {
 public:
  // The broker and the store need to outlive it.
  static absl::StatusOr<std::unique_ptr<GateServer>> Start(GateOptions options, broker::Broker& broker,
                                                           store::MessageStore& messages);
  ~GateServer();

  int port() const;
  uint32_t connections() const;
  // Reads nothing more, answers what was read within the grace time, closes all connections.
  void Shutdown(int64_t grace_micros = 5'000'000);

 private:
  struct State;
  explicit GateServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace mts::gate
