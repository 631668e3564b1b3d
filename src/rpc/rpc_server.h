// The gRPC door: all services on one or two addresses, with health and reflection.
//
// Threading: Start and Shutdown from one thread. Errors: UNAVAILABLE when an address cannot be listened on. Limits:
// Options.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/limits.h"
#include "broker/broker.h"

namespace mts::rpc {

struct Options {
  // host:port, [v6]:port or unix:path; port 0: any that is free. Every service answers on each of them.
  std::vector<std::string> addresses;
  bool publishing = true;  // the ingress service is there
  bool reading = true;     // the egress service is there
  std::string version;
  uint64_t memory_bytes = 1 * limits::kGiB;  // gRPC's quota for buffers of all connections
  int max_threads = 0;                       // of the quota; 0: no bound
  int max_concurrent_streams = 10'000;       // of one connection
  uint64_t max_live_streams = limits::kMaxSubscriptions;
  absl::Duration keepalive_time = absl::Seconds(60);
  absl::Duration keepalive_timeout = absl::Seconds(20);
  absl::Duration min_ping_interval = absl::Seconds(10);  // clients that ping more often are cut off
  int max_frame_bytes = 0;                               // of HTTP/2; 0: gRPC's default
  int write_buffer_bytes = 0;                            // a stream's; 0: gRPC's default
  int read_chunk_bytes = 0;                              // of the transport's reads; 0: gRPC's default
  int stream_window_bytes = 0;                           // look-ahead of a stream; 0: gRPC's default
};

class RpcServer {
 public:
  // `broker` needs to outlive the server.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(broker::Broker& broker, const Options& options);
  virtual ~RpcServer() = default;

  // The bound ports, one an address (0 for unix sockets).
  virtual std::vector<int> ports() const = 0;
  // What the health service answers; NOT_SERVING until it is told otherwise. Calls are served either way.
  virtual void SetReady(bool ready) = 0;
  // Says NOT_SERVING, ends streams with UNAVAILABLE, lets unary calls finish; what is left after `grace` is cut off. No
  // call is under way when it returns.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace mts::rpc
