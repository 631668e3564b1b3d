// Stores the messages of one batch, all or none (see operation.h). Conditions and deduplication are decided here.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "log/operation.h"
#include "log/record_batch.h"
#include "store/message_store.h"

namespace mts::log {

// Told of payload references as soon as messages that name them are durable.
using KeepPayloads = std::function<void(const std::vector<PayloadReference>&)>;

class AppendOperation : public Operation {
 public:
  // `keep` may be empty; it lives as long as the committer. `order` may be null.
  AppendOperation(RecordBatch records, const KeepPayloads& keep, std::shared_ptr<store::AppendOrder> order,
                  store::AppendDone done)
      : records_(std::move(records)), keep_(keep), order_(std::move(order)), done_(std::move(done)) {}

  uint64_t max_bytes() const override { return records_.bytes().size(); }
  bool publishes() const override { return true; }
  void Decide(GroupBuilder& group) override;
  void Apply(State& state, Timestamp time) override;
  void Answer(const absl::Status& committed) override;

 private:
  absl::Status ResolveSubjects(State& state);
  bool ConditionsHold(const State& state);
  // The sequence of the first message with the same id; notes the duplicate.
  bool IsDuplicate(GroupBuilder& group, const RecordBatch::Id& id);
  bool AllDuplicates(GroupBuilder& group);
  void AddMessages(GroupBuilder& group);
  void Refuse(absl::Status status, uint32_t position);

  RecordBatch records_;
  const KeepPayloads& keep_;
  const std::shared_ptr<store::AppendOrder> order_;  // broken by a refusal that may be tried again
  store::AppendDone done_;
  store::AppendOutcome outcome_;
  std::vector<SubjectId> subjects_;
  std::vector<PayloadReference> stored_;  // of messages that took a sequence
};

}  // namespace mts::log
