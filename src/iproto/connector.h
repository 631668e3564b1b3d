// Opens connections as a client: resolves, connects, proves who it is, and asks the instance whether it is the one.
//
// Threading: Open by one thread at a time, which it blocks; Interrupt from any. Errors: UNAVAILABLE with the address
// and the reason (nobody there, no answer in time, wrong password, not writable), CANCELLED after Interrupt. Limits:
// the timeout, plus what the resolving of a name takes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mts::iproto {

struct ConnectorOptions {
  std::string user;  // empty: guest
  std::string password;
  // Called once on each new connection; `accept` judges the encoded array of its values, and says why not.
  std::string hello_function;
  std::string hello_arguments;  // an encoded array
  std::function<absl::Status(std::string_view data)> accept;
};

class Connector {
 public:
  explicit Connector(ConnectorOptions options);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // A non-blocking socket on which the next packet is the caller's.
  absl::StatusOr<int> Open(const std::string& address, int64_t timeout_micros);
  void Interrupt();

  const ConnectorOptions& options() const { return options_; }

 private:
  absl::StatusOr<int> OpenBy(const std::string& address, int64_t deadline);
  absl::StatusOr<int> ConnectBy(const std::string& address, int64_t deadline);
  absl::Status Introduce(int fd, int64_t deadline);

  const ConnectorOptions options_;
  int interrupt_ = -1;  // an eventfd
};

}  // namespace mts::iproto
