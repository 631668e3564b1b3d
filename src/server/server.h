// The whole server, or the part of it that is this process's: stores, broker, doors, in the order in which they depend
// on each other.
//
// Threading: Start and Shutdown from one thread. Errors: from Start, those of the stores and the doors. Limits: the
// configuration's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "broker/broker.h"
#include "broker/cleaner.h"
#include "broker/pack_rewriter.h"
#include "broker/sweeper.h"
#include "gate/gate_server.h"
#include "rpc/rpc_server.h"
#include "server/configuration.h"
#include "server/readiness.h"
#include "server/stores.h"

namespace mts::server {

class Server {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Configuration& configuration);
  ~Server();

  // The bound ports of ingress.listen and egress.listen; of a process with one address, both are that.
  int ingress_port() const { return rpc_->ports().front(); }
  int egress_port() const { return rpc_->ports().back(); }
  // 0: there is no gate.
  int gate_port() const { return gate_ == nullptr ? 0 : gate_->port(); }
  store::MessageStore& messages() { return *stores_.messages; }

  // Everything that was accepted is answered; streams end with UNAVAILABLE.
  void Shutdown();

 private:
  explicit Server(const Configuration& configuration) : configuration_(configuration) {}
  void StartCleaning();

  const Configuration configuration_;
  Stores stores_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<broker::Cleaner> cleaner_;
  std::unique_ptr<broker::PackRewriter> pack_rewriter_;
  std::unique_ptr<broker::Sweeper> sweeper_;
  std::unique_ptr<rpc::RpcServer> rpc_;
  std::unique_ptr<gate::GateServer> gate_;
  std::unique_ptr<Readiness> readiness_;
};

// The version of the program.
std::string Version();

}  // namespace mts::server
