#include "gate/gate_server.h"

#include <utility>

#include "gate/gate_session.h"
#include "iproto/listen_socket.h"
#include "spdlog/spdlog.h"

namespace mts::gate {

struct GateServer::State {
  Gate gate;
  std::unique_ptr<iproto::Server> server;
};

GateServer::GateServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

GateServer::~GateServer() { Shutdown(0); }

bool IsOpenToEveryone(const GateOptions& options) {
  const auto user = options.users.find(kDefaultUser);
  return user != options.users.end() && user->second == kDefaultPassword && !iproto::IsLoopback(options.listen);
}

absl::StatusOr<std::unique_ptr<GateServer>> GateServer::Start(GateOptions options, broker::Broker& broker,
                                                              store::MessageStore& messages) {
  const bool open_to_everyone = IsOpenToEveryone(options);
  auto state = std::unique_ptr<State>(new State{
      Gate{broker, messages, Authentication(std::move(options.users)), Calls(broker, messages, *options.clock)},
      nullptr});
  iproto::ServerOptions server_options;
  server_options.listen = std::move(options.listen);
  server_options.threads = options.threads;
  server_options.max_connections = options.max_connections;
  server_options.limits = options.limits;
  Gate* gate = &state->gate;
  auto server = iproto::Server::Start(std::move(server_options), [gate](std::shared_ptr<iproto::ReplyChannel> channel,
                                                                        std::string salt, std::string peer) {
    return std::make_unique<GateSession>(*gate, std::move(channel), std::move(salt), std::move(peer));
  });
  if (!server.ok()) return server.status();
  if (open_to_everyone) {
    spdlog::warn("gate: others can reach it, and user {} has the password that everybody knows; set gate.password",
                 kDefaultUser);
  }
  state->server = *std::move(server);
  return std::unique_ptr<GateServer>(new GateServer(std::move(state)));
}

int GateServer::port() const { return state_->server->port(); }

uint32_t GateServer::connections() const { return state_->server->connections(); }

void GateServer::Shutdown(int64_t grace_micros) { state_->server->Shutdown(grace_micros); }

}  // namespace mts::gate
