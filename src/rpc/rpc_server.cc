#include "rpc/rpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "base/text.h"
#include "google/protobuf/stubs/logging.h"
#include "rpc/admin_service.h"
#include "rpc/egress_service.h"
#include "rpc/ingress_service.h"
#include "rpc/live_calls.h"

namespace mts::rpc {
namespace {

// Far enough above the limits that what is too large for them is read and answered with code 3.
int ReceiveLimit(const broker::Limits& limits) {
  const uint64_t largest = std::max(limits.max_message_bytes, limits.max_batch_bytes);
  return static_cast<int>(std::min<uint64_t>(2 * largest + 16 * limits::kMiB, INT_MAX));
}

const absl::Duration kRefusing = absl::Milliseconds(100);

// gRPC's own complaints, which repeat what calls and Start answer.
void LogForDebugging(gpr_log_func_args* event) { spdlog::debug("grpc: {}", event->message); }

void InstallPlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Text that is not UTF-8 is the client's fault and answered to it, nothing for our log.
    google::protobuf::SetLogHandler(nullptr);
    gpr_set_log_function(&LogForDebugging);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

void SetIfGiven(grpc::ServerBuilder& builder, const char* name, int value) {
  if (value > 0) builder.AddChannelArgument(name, value);
}

void Configure(grpc::ServerBuilder& builder, const Options& options, const broker::Limits& limits) {
  builder.SetMaxReceiveMessageSize(ReceiveLimit(limits));
  builder.SetMaxSendMessageSize(-1);
  grpc::ResourceQuota quota("minitoolstream");
  quota.Resize(options.memory_bytes);
  if (options.max_threads > 0) quota.SetMaxThreads(options.max_threads);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             static_cast<int>(options.keepalive_time / absl::Milliseconds(1)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             static_cast<int>(options.keepalive_timeout / absl::Milliseconds(1)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             static_cast<int>(options.min_ping_interval / absl::Milliseconds(1)));
  // Two servers on one port would share its connections between them.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  SetIfGiven(builder, GRPC_ARG_HTTP2_MAX_FRAME_SIZE, options.max_frame_bytes);
  SetIfGiven(builder, GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, options.write_buffer_bytes);
  SetIfGiven(builder, GRPC_ARG_TCP_READ_CHUNK_SIZE, options.read_chunk_bytes);
  SetIfGiven(builder, GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, options.stream_window_bytes);
}

class GrpcServer : public RpcServer {
 public:
  GrpcServer(broker::Broker& broker, const Options& options)
      : broker_(broker),
        calls_(options.max_live_streams),
        ingress_(broker, calls_),
        egress_(broker, calls_),
        admin_(broker, calls_, options.version, SystemClock().Now()) {}
  ~GrpcServer() override { Shutdown(absl::ZeroDuration()); }

  absl::Status Listen(const Options& options) {
    grpc::ServerBuilder builder;
    Configure(builder, options, broker_.options().limits);
    std::vector<int> ports(options.addresses.size(), -1);
    for (size_t i = 0; i < ports.size(); ++i) {
      builder.AddListeningPort(options.addresses[i], grpc::InsecureServerCredentials(), &ports[i]);
    }
    if (options.publishing) builder.RegisterService(&ingress_);
    if (options.reading) builder.RegisterService(&egress_);
    builder.RegisterService(&admin_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) {
      // The first address that could not be bound has port 0 (unix sockets: 1 when bound).
      for (size_t i = 0; i < ports.size(); ++i) {
        if (ports[i] <= 0) return absl::UnavailableError(Concat("cannot listen on ", options.addresses[i]));
      }
      return absl::UnavailableError("gRPC server did not start");
    }
    ports_ = std::move(ports);
    SetReady(false);
    return absl::OkStatus();
  }

  std::vector<int> ports() const override { return ports_; }

  void SetReady(bool ready) override {
    if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(ready);
  }

  void Shutdown(absl::Duration grace) override {
    if (server_ == nullptr) return;
    SetReady(false);
    calls_.EndAll();
    broker_.EndWaits();
    // gRPC answers calls that come once it shuts down with CANCELLED, which tells a client nothing. So for a moment
    // they are answered with UNAVAILABLE here.
    const absl::Duration refusing = std::min(grace / 10, kRefusing);
    absl::SleepFor(refusing);  // tidy: allow nothing is awaited: late callers get their answer
    grace -= refusing;
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(grace));
    server_->Wait();
    server_.reset();
  }

 private:
  broker::Broker& broker_;
  LiveCalls calls_;
  IngressService ingress_;
  EgressService egress_;
  AdminService admin_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<int> ports_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(broker::Broker& broker, const Options& options) {
  InstallPlugins();
  auto server = std::make_unique<GrpcServer>(broker, options);
  if (absl::Status status = server->Listen(options); !status.ok()) return status;
  return server;
}

}  // namespace mts::rpc
