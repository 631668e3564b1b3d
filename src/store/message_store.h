// The waist, upper half: messages and consumers. The rules above (src/broker) and the doors see only this; below are
// the embedded engine and Tarantool. One conformance suite (tests/conformance) runs against every implementation.
//
// Promises P1, P2, P4 (design section 2) are this interface's: what was answered is durable; visible order is sequence
// order; a sequence is never used twice.
//
// Threading: any thread may call. `done` is called exactly once, from any thread, possibly before the call returns,
// never with a lock of the store held; it must not block. Errors: UNAVAILABLE (may be tried again: the outcome of a
// write is unknown), RESOURCE_EXHAUSTED (a bound was met: nothing was stored), INVALID_ARGUMENT, FAILED_PRECONDITION,
// OUT_OF_RANGE, NOT_FOUND, DATA_LOSS. Limits: base/limits.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "model/consumer.h"
#include "model/message.h"
#include "model/retention.h"
#include "model/sequence.h"
#include "model/subject.h"

namespace mts::store {

template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;

// ---- Appending

struct AppendResult {
  // The stored messages have first..last without a gap, in the order given; both kNoSequence when all were duplicates.
  Sequence first;
  Sequence last;
  struct Duplicate {
    uint32_t position;  // in the batch
    Sequence sequence;  // of the message stored first
  };
  std::vector<Duplicate> duplicates;
};

struct AppendOutcome {
  absl::Status status;                       // FAILED_PRECONDITION: a condition did not hold; nothing was stored
  std::optional<uint32_t> refused_position;  // of the message that caused the refusal
  AppendResult result;
};
using AppendDone = absl::AnyInvocable<void(AppendOutcome)>;

// The order of one stream of appends: once one of them was refused with a code that may be tried again, all later ones
// are refused too, so that a retry keeps the order.
class AppendOrder {
 public:
  bool broken() const { return broken_.load(std::memory_order_acquire); }
  void Break() { broken_.store(true, std::memory_order_release); }
  // What batches of a broken order are refused with.
  static absl::Status Refusal() { return absl::UnavailableError("an earlier batch of the stream was refused"); }

 private:
  std::atomic<bool> broken_{false};
};

// ---- Reading

struct ReadRequest {
  Pattern pattern = Pattern::All();
  Sequence after;                          // only messages with a greater sequence
  uint32_t max_messages = 0;               // at least 1
  uint64_t max_bytes = UINT64_MAX;         // of subjects, headers and payloads together; one message always fits
  uint64_t max_inline_bytes = UINT64_MAX;  // longer inline payloads are left out (payload_included = false)
};

// What a read brought: views into buffers that live as long as this object.
class MessageBlock {
 public:
  virtual ~MessageBlock() = default;

  std::vector<StoredMessage> messages;  // ascending
  // Nothing that matches lies between `after` and this sequence but `messages`: a reader of a pattern goes on from
  // here.
  Sequence scanned_through;
};
using MessageBlockPtr = std::unique_ptr<MessageBlock>;

// ---- Looking

struct SubjectState {
  std::string subject;
  Sequence first;  // of the messages that remain; kNoSequence if none
  Sequence last;   // the greatest that was ever visible
  uint64_t messages = 0;
  uint64_t bytes = 0;  // payloads
  Timestamp first_time;
  Timestamp last_time;
};

struct Page {
  uint32_t size = 100;
  std::string after;  // the last name of the page before; empty: from the start
};

struct StoreInfo {
  std::string kind;        // "embedded" | "tarantool" | "null"
  std::string durability;  // "commit" | "interval" | "none"
  Sequence last_sequence;
  uint64_t messages = 0;
  uint64_t bytes = 0;
  // What an operator watches, by names that say what is counted (since start) or how much there is; each store has its
  // own, and docs/operations.md says what they mean.
  std::map<std::string, uint64_t> counters;
  // Why nothing can be written any more; OK while it can.
  absl::Status writing;
};

// Called for each change of the greatest visible sequence of a matching subject, in order, coalesced at will; must not
// block and must not call the store. Destroying the handle ends it: no call is under way when the destructor returns.
using NewsCallback = absl::AnyInvocable<void(std::string_view subject, Sequence last)>;
class Watch {
 public:
  virtual ~Watch() = default;
};

class MessageStore {
 public:
  virtual ~MessageStore() = default;

  // The longest payload that it takes within a message; longer ones go to the payload store first.
  virtual uint64_t inline_limit() const = 0;
  // The most bytes of payloads within the messages of one batch.
  virtual uint64_t max_inline_batch_bytes() const = 0;

  // Stores all or nothing, atomically visible. The views need to live until the call returns. Bounded by
  // limits::kMaxQueuedBytes: beyond it RESOURCE_EXHAUSTED. Subjects, ids and headers are valid and within limits (the
  // broker saw to it).
  virtual void Append(absl::Span<const NewMessage> batch, AppendDone done) = 0;
  // As Append, UNAVAILABLE once `order` is broken; a refusal that may be tried again breaks it. A store that decides
  // refusals later than in the call overrides this and looks at `order` where it decides.
  virtual void AppendInOrder(std::shared_ptr<AppendOrder> order, absl::Span<const NewMessage> batch, AppendDone done) {
    if (order->broken()) {
      done({AppendOrder::Refusal(), std::nullopt, {}});
      return;
    }
    Append(batch, [order = std::move(order), done = std::move(done)](AppendOutcome outcome) mutable {
      if (IsRetryable(outcome.status)) order->Break();
      done(std::move(outcome));
    });
  }

  // Visible messages in sequence order; an empty block when there are none.
  virtual void Read(ReadRequest request, Done<MessageBlockPtr> done) = 0;
  // One message; NOT_FOUND when it never was or is gone, or `subject` (unless empty) is not its subject.
  virtual void ReadOne(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes,
                       Done<MessageBlockPtr> done) = 0;

  // The greatest sequence ever visible on the subject (kNoSequence: none); of all matching subjects for a pattern.
  virtual void Last(const Pattern& pattern, Done<Sequence> done) = 0;
  // The greatest visible sequence whose message is older than `time`; kNoSequence if none. Where a reader begins to get
  // everything from `time` on.
  virtual void LastBefore(Timestamp time, Done<Sequence> done) = 0;

  // ---- Consumers
  // The position, or nothing for a consumer that has none yet.
  virtual void Position(const ConsumerId& id, Done<std::optional<Sequence>> done) = 0;
  // Moves it forward and answers the position when durable; a lower one changes nothing and succeeds. OUT_OF_RANGE past
  // the last visible sequence of the consumer's subject or pattern.
  virtual void Advance(const ConsumerId& id, Sequence to, Done<Sequence> done) = 0;
  // Sets it, also back. OUT_OF_RANGE past the last visible sequence.
  virtual void Reset(const ConsumerId& id, Sequence to, Done<Sequence> done) = 0;
  virtual void DeleteConsumer(const ConsumerId& id, Done<bool> done) = 0;  // false: there was none

  // ---- News
  virtual std::unique_ptr<Watch> WatchNews(const Pattern& pattern, NewsCallback callback) = 0;

  // ---- Looking; sorted by name (consumers: by subject, then durable name; the page's `after` is both joined by '\n')
  virtual void Subjects(const Pattern& pattern, const Page& page, Done<std::vector<SubjectState>> done) = 0;
  virtual void Consumers(std::string_view subject, const Page& page, Done<std::vector<ConsumerState>> done) = 0;
  virtual void Info(Done<StoreInfo> done) = 0;
  // Messages of the pattern after `position`, for ConsumerInfo.pending.
  virtual void CountAfter(const Pattern& pattern, Sequence position, Done<uint64_t> done) = 0;

  // ---- Retention of the whole store; removes in bounded steps. Answers whether there may be more to remove.
  virtual void Expire(const Retention& limits, Done<bool> done) = 0;

  // Ends reads and appends: what was accepted is committed and answered, later calls get UNAVAILABLE. Blocks.
  virtual void Shutdown() = 0;
};

}  // namespace mts::store
