#include "server/server.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/await.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::server {
namespace {

constexpr int64_t kCleanerIntervalMicros = 5'000'000;
constexpr absl::Duration kReadinessInterval = absl::Seconds(1);
// A store that takes longer to say whether it can be used is not ready.
constexpr absl::Duration kReadinessPatience = absl::Seconds(2);

broker::Options BrokerOptions(const Configuration& configuration, bool swept) {
  broker::Options options;
  options.limits.max_message_bytes = configuration.max_message_bytes;
  options.limits.max_batch_messages = configuration.max_batch_messages;
  options.limits.max_batch_bytes = configuration.max_batch_bytes;
  options.limits.max_header_bytes = configuration.max_header_bytes;
  options.limits.max_subjects = configuration.max_subjects;
  options.on_unreadable =
      configuration.on_unreadable == "fail" ? broker::OnUnreadable::kFail : broker::OnUnreadable::kMark;
  options.payload_memory_bytes = configuration.payload_memory_bytes;
  if (swept) options.payload_grace_micros = configuration.sweep_grace_micros / 2;
  return options;
}

rpc::Options RpcOptions(const Configuration& configuration) {
  rpc::Options options;
  switch (configuration.process) {
    case ProcessKind::kServe:
      options.addresses = {configuration.ingress_listen};
      if (configuration.egress_listen != configuration.ingress_listen) {
        options.addresses.push_back(configuration.egress_listen);
      }
      break;
    case ProcessKind::kIngress:
      options.addresses = {configuration.ingress_listen};
      break;
    case ProcessKind::kEgress:
      options.addresses = {configuration.egress_listen};
      break;
    case ProcessKind::kCleaner:
      options.addresses = {configuration.cleaner_listen};
      break;
  }
  options.publishing = configuration.process == ProcessKind::kServe || configuration.process == ProcessKind::kIngress;
  options.reading = configuration.process == ProcessKind::kServe || configuration.process == ProcessKind::kEgress;
  options.version = Version();
  options.memory_bytes = configuration.grpc_memory_bytes;
  options.keepalive_time = absl::Microseconds(configuration.grpc_keepalive_time_micros);
  options.keepalive_timeout = absl::Microseconds(configuration.grpc_keepalive_timeout_micros);
  return options;
}

gate::GateOptions GateOptions(const Configuration& configuration) {
  gate::GateOptions options;
  options.listen = configuration.gate_listen;
  options.users = {{configuration.gate_user, configuration.gate_password}};
  return options;
}

absl::Status CheckPayloads(store::PayloadStore& payloads) {
  std::optional<absl::Status> status =
      AwaitWithin<absl::Status>(kReadinessPatience, [&payloads](auto done) { payloads.CheckReady(std::move(done)); });
  if (status.has_value()) return *std::move(status);
  return absl::UnavailableError(Concat("the payload store (", payloads.kind(), ") does not answer"));
}

// With Tarantool its clients go there themselves.
bool HasGate(const Configuration& configuration) {
  return configuration.process == ProcessKind::kServe && configuration.metadata != "tarantool" &&
         !configuration.gate_listen.empty();
}

Retention RetentionOf(const Configuration& configuration) {
  Retention retention;
  retention.max_age_micros = configuration.retention_max_age_micros;
  retention.max_bytes = configuration.retention_max_bytes;
  retention.max_messages = configuration.retention_max_messages;
  return retention;
}

}  // namespace

std::string Version() { return MTS_VERSION; }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Configuration& configuration) {
  std::unique_ptr<Server> server(new Server(configuration));
  MTS_ASSIGN_OR_RETURN(server->stores_, OpenStores(configuration));
  store::MessageStore& messages = *server->stores_.messages;
  server->broker_ = std::make_unique<broker::Broker>(
      messages, *server->stores_.payloads, BrokerOptions(configuration, /*swept=*/server->stores_.objects != nullptr));
  MTS_ASSIGN_OR_RETURN(server->rpc_, rpc::RpcServer::Start(*server->broker_, RpcOptions(configuration)));
  if (HasGate(configuration)) {
    MTS_ASSIGN_OR_RETURN(server->gate_,
                         gate::GateServer::Start(GateOptions(configuration), *server->broker_, messages));
  }
  server->StartCleaning();
  server->readiness_ = std::make_unique<Readiness>(
      [&stores = server->stores_]() -> absl::Status {
        if (stores.messages_ready) MTS_RETURN_IF_ERROR(stores.messages_ready());
        return CheckPayloads(*stores.payloads);
      },
      [&rpc = *server->rpc_](bool ready) { rpc.SetReady(ready); }, kReadinessInterval);
  return server;
}

void Server::StartCleaning() {
  if (configuration_.process != ProcessKind::kServe && configuration_.process != ProcessKind::kCleaner) return;
  store::MessageStore& messages = *stores_.messages;
  cleaner_ = std::make_unique<broker::Cleaner>(messages, RetentionOf(configuration_), kCleanerIntervalMicros);
  if (stores_.objects == nullptr) return;
  broker::Sweeper::Options options;
  options.grace_micros = configuration_.sweep_grace_micros;
  options.interval_micros = configuration_.sweep_interval_micros;
  options.upload_age_micros = configuration_.sweep_uploads_micros;
  if (stores_.packs != nullptr && stores_.references != nullptr && configuration_.sweep_rewrite_bytes > 0) {
    pack_rewriter_ = std::make_unique<broker::PackRewriter>(
        *stores_.references, *stores_.payloads, *stores_.packs,
        broker::PackRewriter::Options{.bytes_of_sweep = configuration_.sweep_rewrite_bytes,
                                      .commit_within_micros = broker_->options().payload_grace_micros});
  }
  sweeper_ = std::make_unique<broker::Sweeper>(messages, stores_.keys, *stores_.objects, pack_rewriter_.get(), options);
}

Server::~Server() { Shutdown(); }

void Server::Shutdown() {
  // The doors share the grace time, so that the whole ends within it.
  const absl::Time deadline = absl::Now() + absl::Microseconds(configuration_.shutdown_grace_micros);
  readiness_.reset();
  if (rpc_ != nullptr) rpc_->Shutdown(deadline - absl::Now());
  if (gate_ != nullptr) gate_->Shutdown(std::max<int64_t>(0, absl::ToInt64Microseconds(deadline - absl::Now())));
  if (cleaner_ != nullptr) cleaner_->Stop();
  if (sweeper_ != nullptr) sweeper_->Stop();
  if (broker_ != nullptr) broker_->Shutdown();
  if (stores_.messages != nullptr) stores_.messages->Shutdown();
}

}  // namespace mts::server
