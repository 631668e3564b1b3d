// The two channels to a server, and how one call is made on them: with a deadline, ended by Ctrl-C, its error as one
// line.
//
// Threading: Connection from any thread; a Call belongs to one. Errors: absl::Status with the canonical code of gRPC;
// what a broken connection shows as UNKNOWN, INTERNAL or CANCELLED is UNAVAILABLE.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/client/retry.h"
#include "cli/terminal/interrupt.h"
#include "minitoolstream/admin.grpc.pb.h"
#include "minitoolstream/egress.grpc.pb.h"
#include "minitoolstream/ingress.grpc.pb.h"

namespace mts::cli {

namespace pb = ::minitoolstream;

struct ServerAddresses {
  std::string ingress = "localhost:50051";
  std::string egress = "localhost:50052";
};

// INVALID_ARGUMENT unless `address` is HOST:PORT, [IPV6]:PORT or unix:PATH.
absl::Status ValidateAddress(std::string_view address);

// Any message size, quick reconnecting, no proxy. May be extended by the caller. From here on the process keeps up to
// 64 MiB that it has freed, for the next large message.
grpc::ChannelArguments ClientChannelArguments();
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address);

absl::Status StatusOf(const grpc::Status& status, std::string_view address);

struct ClientOptions {
  ServerAddresses addresses;
  absl::Duration timeout = absl::Seconds(30);  // of one call
  RetryPolicy retry;
};

class Connection {
 public:
  explicit Connection(const ClientOptions& options);

  const ClientOptions& options() const { return options_; }
  pb::IngressService::Stub& ingress() const { return *ingress_; }
  pb::EgressService::Stub& egress() const { return *egress_; }
  pb::AdminService::Stub& admin() const { return *admin_; }
  Retry StartRetry() const { return Retry(options_.retry, reached_); }
  absl::Status IngressStatus(const grpc::Status& status) const { return StatusOf(status, options_.addresses.ingress); }
  absl::Status EgressStatus(const grpc::Status& status) const { return StatusOf(status, options_.addresses.egress); }

 private:
  const ClientOptions options_;
  mutable std::atomic<bool> reached_{false};
  std::unique_ptr<pb::IngressService::Stub> ingress_;
  std::unique_ptr<pb::EgressService::Stub> egress_;
  std::unique_ptr<pb::AdminService::Stub> admin_;
};

// One attempt of one call.
class Call {
 public:
  // InfiniteDuration: no deadline.
  explicit Call(absl::Duration deadline);
  grpc::ClientContext* context() { return &context_; }

 private:
  grpc::ClientContext context_;
  Interrupt::Scope cancel_on_interrupt_;
};

// Attempts until one does not fail with something transient; `attempt` makes one call and gives its translated status.
absl::Status WithRetry(const Connection& connection, const std::function<absl::Status()>& attempt);

}  // namespace mts::cli
