// Reads a subject or pattern batch by batch, through restarts of the server, waiting for news without polling.
//
// Threading: one thread. Errors: those of connection.h that trying again does not heal. Limits: 8 MiB an answer.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/client/connection.h"

namespace mts::cli {

struct ReadOptions {
  std::string subject;
  std::string durable_name;  // empty: the position is kept here
  pb::StartPosition start;
  uint64_t max_inline_bytes = 0;  // 0: 1 MiB
};

class MessageReader {
 public:
  MessageReader(const Connection& connection, ReadOptions options);

  // At most `max_messages`; waits for the first one, and gives an empty batch if none came in that time. A durable
  // consumer gets the same messages again until they are acknowledged.
  absl::StatusOr<pb::MessageBatch> Next(uint32_t max_messages, absl::Duration wait);

  // Everything up to `sequence` is done. Nothing to do without a durable name.
  absl::Status Acknowledge(uint64_t sequence);

 private:
  absl::Status FixNewest();

  const Connection& connection_;
  ReadOptions options_;
};

// One acknowledgement, tried again as long as the server is away.
absl::Status AcknowledgeUpTo(const Connection& connection, const std::string& durable_name, const std::string& subject,
                             uint64_t sequence);

}  // namespace mts::cli
