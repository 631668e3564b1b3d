// Where the servers under test keep messages and payloads: MTS_DOOR_PAYLOAD=s3 (a real MinIO) puts payloads there;
// without it they are files. Every test has a bucket of its own.
//
// Threading: the test's thread. Errors: a server that is not installed skips the test.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/configuration.h"
#include "tests/servers/tarantool_server.h"

namespace mts::conformance {

class DoorShape {
 public:
  // From the environment.
  DoorShape();

  // Puts the shape's keys into `configuration`; starts the servers that it needs at the first call of the program.
  absl::Status Apply(server::Configuration& configuration);

  // Small payloads lie with their messages.
  bool keeps_payloads_inline() const { return !messages_in_tarantool_; }
  // Payloads in the payload store now.
  size_t CountPayloads(const server::Configuration& configuration) const;
  // Takes away the largest payload that there is, as somebody else would.
  void RemovePayload(const server::Configuration& configuration) const;

 private:
  const bool messages_in_tarantool_;
  const bool payloads_in_s3_;
  std::unique_ptr<testing::TarantoolServer> tarantool_;
};

}  // namespace mts::conformance
