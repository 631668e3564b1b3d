// Reads the messages of a pattern within a range of sequences, forwards or backwards, into the rows of a select.
//
// Threading: it keeps itself alive until `done`, which may come from any thread, possibly before Start returns. Errors:
// the store's; RESOURCE_EXHAUSTED when the rows would be longer than a reply may be. Limits: one block of messages at a
// time.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "broker/inline_answer.h"
#include "iproto/packet.h"
#include "model/subject.h"
#include "store/message_store.h"

namespace mts::gate {

// The rows so far, and how many are still to be skipped and taken.
struct MessageRows {
  uint64_t offset = 0;
  uint64_t limit = 0;
  iproto::Values values;

  bool full() const { return limit == 0; }
  absl::Status Add(const StoredMessage& message);
};

struct MessageRange {
  Pattern pattern = Pattern::All();
  Sequence first;  // both included
  Sequence last = kMaxSequence;
  bool descending = false;
};

class MessageScan : public std::enable_shared_from_this<MessageScan> {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;

  // `rows` needs to live until `done`.
  static void Start(store::MessageStore& messages, MessageRange range, MessageRows& rows, Done done);

 private:
  MessageScan(store::MessageStore& messages, MessageRange range, MessageRows& rows, Done done)
      : messages_(messages), range_(std::move(range)), rows_(rows), done_(std::move(done)) {}

  // Reads block after block until one of them ends it.
  void Run();
  store::ReadRequest NextRequest() const;
  // True when there is more to read.
  bool Take(const absl::StatusOr<store::MessageBlockPtr>& block);
  bool TakeForwards(const store::MessageBlock& block);
  bool TakeBackwards(const store::MessageBlock& block);
  bool Finish(absl::Status status);

  store::MessageStore& messages_;
  MessageRange range_;  // what is left to read
  MessageRows& rows_;
  Done done_;
  uint64_t window_ = 1000;  // backwards: how many sequences to look at
  bool more_ = false;
  broker::InlineAnswer answered_;
};

}  // namespace mts::gate
