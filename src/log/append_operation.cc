#include "log/append_operation.h"

#include "base/status.h"
#include "base/text.h"

namespace mts::log {

void AppendOperation::Refuse(absl::Status status, uint32_t position) {
  outcome_.status = std::move(status);
  outcome_.refused_position = position;
  if (order_ != nullptr && IsRetryable(outcome_.status)) order_->Break();
}

absl::Status AppendOperation::ResolveSubjects(State& state) {
  subjects_.reserve(records_.slots().size());
  for (const RecordBatch::Slot& slot : records_.slots()) {
    absl::StatusOr<SubjectId> id = state.catalogue.FindOrCreate(records_.subject(slot));
    if (!id.ok()) {
      Refuse(id.status(), static_cast<uint32_t>(subjects_.size()));
      return id.status();
    }
    subjects_.push_back(*id);
  }
  return absl::OkStatus();
}

bool AppendOperation::ConditionsHold(const State& state) {
  for (const RecordBatch::Condition& condition : records_.conditions()) {
    const Sequence last = state.catalogue.accepted_last(subjects_[condition.position]);
    if (last == condition.expected_last) continue;
    const std::string_view subject = records_.subject(records_.slots()[condition.position]);
    Refuse(absl::FailedPreconditionError(Concat("expected_last_sequence is ", condition.expected_last.value(),
                                                ", the last sequence of ", subject, " is ", last.value())),
           condition.position);
    return false;
  }
  return true;
}

bool AppendOperation::IsDuplicate(GroupBuilder& group, const RecordBatch::Id& id) {
  const std::optional<Sequence> first = group.state().deduplication.Find(id.key, group.monotonic_micros());
  if (!first) return false;
  outcome_.result.duplicates.push_back({id.position, *first});
  return true;
}

bool AppendOperation::AllDuplicates(GroupBuilder& group) {
  if (records_.ids().size() < records_.slots().size()) return false;
  for (const RecordBatch::Id& id : records_.ids()) {
    if (IsDuplicate(group, id)) continue;
    outcome_.result = {};
    return false;
  }
  return true;
}

void AppendOperation::AddMessages(GroupBuilder& group) {
  auto id = records_.ids().begin();
  auto stored = records_.stored_references().begin();
  for (uint32_t position = 0; position < records_.slots().size(); ++position) {
    const bool has_id = id != records_.ids().end() && id->position == position;
    const bool has_stored = stored != records_.stored_references().end() && stored->position == position;
    // The same id twice in one batch: the second is a duplicate of the first.
    if (!has_id || !IsDuplicate(group, *id)) {
      const Sequence sequence = group.AddMessage(records_, records_.slots()[position], subjects_[position]);
      if (outcome_.result.first == kNoSequence) outcome_.result.first = sequence;
      outcome_.result.last = sequence;
      if (has_id) group.state().deduplication.Add(id->key, sequence, group.monotonic_micros());
      if (has_stored) stored_.push_back(stored->reference);
    }
    if (has_id) ++id;
    if (has_stored) ++stored;
  }
}

void AppendOperation::Decide(GroupBuilder& group) {
  if (order_ != nullptr && order_->broken()) {
    outcome_.status = store::AppendOrder::Refusal();
    return;
  }
  // A retry is answered as a duplicate even where its condition no longer holds: the first one was stored.
  if (AllDuplicates(group)) return;
  if (!ResolveSubjects(group.state()).ok() || !ConditionsHold(group.state())) return;
  AddMessages(group);
}

void AppendOperation::Apply(State& state, Timestamp time) {
  if (keep_ && !stored_.empty()) keep_(stored_);
}

void AppendOperation::Answer(const absl::Status& committed) {
  if (!committed.ok()) {
    if (order_ != nullptr && IsRetryable(committed)) order_->Break();
    outcome_ = {};
    outcome_.status = committed;
  }
  done_(std::move(outcome_));
}

}  // namespace mts::log
