// Collects messages into batches for PublishStream and the answers into totals.
//
// Threading: one thread. Errors: a refused batch, with the name of the message that caused it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "cli/client/batch_publisher.h"
#include "cli/publish_many.h"

namespace mts::cli {

class MessageBatcher {
 public:
  // `name_of` says what a message is in an error: "line 12".
  using NameCallback = std::function<std::string(const pb::PublishRequest&)>;
  MessageBatcher(const Connection& connection, PublishedMany& totals, NameCallback name_of);

  absl::Status Add(pb::PublishRequest message);
  // Sends what was collected; does not wait for the answer.
  absl::Status SendBatch();
  // Sends and waits for all answers.
  absl::Status Finish();

  // Also takes the answer of a message that went another way.
  void Count(uint64_t first_sequence, uint64_t last_sequence, uint64_t messages, uint64_t duplicates, uint64_t bytes);

 private:
  absl::Status OnAnswer(const pb::PublishBatchRequest& batch, const pb::PublishBatchResponse& answer);

  PublishedMany& totals_;
  NameCallback name_of_;
  BatchPublisher publisher_;
  pb::PublishBatchRequest batch_;
  uint64_t batch_bytes_ = 0;
};

}  // namespace mts::cli
