// What was published and what became of it, as a client sees it: the model that the engine is checked against.
//
// Every payload begins with the number of its batch and its place in it, so that each message read back says who it is.
//
// Threading: any thread (answers come from the engine's threads). Errors go to Violations.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "store/message_store.h"
#include "violations.h"

namespace mts::sim {

struct Item {
  std::string subject;
  std::string payload;
  std::string message_id;
  bool operator==(const Item&) const = default;
};

// A message read back, its payload fetched from wherever it lies.
struct ReadMessage {
  uint64_t sequence = 0;
  std::string subject;
  std::string payload;
};

// What may have happened between two looks.
struct Allowed {
  bool loss = false;       // weak durability and the power went: the newest messages may be gone
  bool comebacks = false;  // weak durability: what retention removed may be back
};

class Ledger {
 public:
  explicit Ledger(Violations* violations) : violations_(*violations) {}

  uint64_t NewBatchNumber();
  // The first bytes of a payload.
  static std::string Tag(uint64_t batch, size_t index, size_t count);

  void Submitted(uint64_t batch, std::vector<Item> items);
  void Answered(uint64_t batch, const store::AppendOutcome& outcome);
  // Answered as something that must never be stored.
  void MustNotAppear(uint64_t batch);
  // Retention began that leaves at least so many messages.
  void MayRemoveAllBut(uint64_t messages);

  // A reader got this while the engine runs.
  void Saw(const ReadMessage& message);
  // Everything that is visible, in order, with nothing under way.
  void SawAll(const std::vector<ReadMessage>& messages, Allowed allowed);

  // The greatest sequence known for the subject, of stored messages.
  uint64_t LastOf(const std::string& subject) const;
  uint64_t Last() const;
  // A stored message that carries an id, chosen by `choice`.
  std::optional<std::pair<Item, uint64_t>> SomeWithId(uint64_t choice) const;
  // Messages of the last SawAll.
  uint64_t visible_count() const;

 private:
  enum class Fate {
    kUnknown,  // submitted, perhaps with an answer that leaves it open
    kStored,
    kAbsent,   // refused, or looked for and not found: it must never appear
    kRemoved,  // by retention
  };
  struct Batch {
    std::vector<Item> items;
    Fate fate = Fate::kUnknown;
    uint64_t first = 0;
  };

  // Which batch and item a message is; nothing, and a violation, when it is none or differs.
  std::optional<std::pair<uint64_t, size_t>> Identify(const ReadMessage& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SawLocked(const ReadMessage& message, bool comebacks) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Store(uint64_t number, Batch& batch, uint64_t first) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Settle(uint64_t number, Batch& batch, size_t present, uint64_t first_visible, uint64_t last_visible,
              Allowed allowed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FindLasts() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Violations& violations_;
  mutable absl::Mutex mutex_;
  uint64_t next_batch_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint64_t, Batch> batches_ ABSL_GUARDED_BY(mutex_);
  // Who ever had a sequence, also those that are gone.
  std::map<uint64_t, std::pair<uint64_t, size_t>> owners_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> last_of_subject_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t kept_messages_ ABSL_GUARDED_BY(mutex_) = UINT64_MAX;
  uint64_t visible_count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace mts::sim
