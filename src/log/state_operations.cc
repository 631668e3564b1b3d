#include "log/state_operations.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace mts::log {

// ---- Positions

void PositionOperation::Decide(GroupBuilder& group) {
  State& state = group.state();
  const Sequence last = state.catalogue.Last(pattern_);
  if (body_.position > last) {
    refusal_ = absl::OutOfRangeError(Concat("sequence ", body_.position.value(), " is past the last visible one of ",
                                            body_.id.subject, ", ", last.value()));
    return;
  }
  const std::optional<Sequence> present = state.consumers.Position(body_.id);
  if (!present && state.consumers.size() >= limits::kMaxConsumers) {
    refusal_ = absl::ResourceExhaustedError(Concat("there are ", limits::kMaxConsumers, " consumers already"));
    return;
  }
  changes_ = body_.reset || !present || *present < body_.position;
  if (changes_) group.AddRecord(RecordType::kPosition, encoded_);
}

void PositionOperation::Apply(State& state, Timestamp time) {
  if (!refusal_.ok()) return;
  const Sequence present = state.consumers.Position(body_.id).value_or(kNoSequence);
  position_ = body_.reset ? body_.position : std::max(present, body_.position);
  if (changes_) state.consumers.Set(body_.id, position_, time);
}

void PositionOperation::Answer(const absl::Status& committed) {
  if (!committed.ok()) return done_(committed);
  if (!refusal_.ok()) return done_(refusal_);
  done_(position_);
}

void DeleteConsumerOperation::Decide(GroupBuilder& group) {
  existed_ = group.state().consumers.Position(id_).has_value();
  if (existed_) group.AddRecord(RecordType::kConsumerDeleted, encoded_);
}

void DeleteConsumerOperation::Apply(State& state, Timestamp time) {
  if (existed_) state.consumers.Delete(id_);
}

void DeleteConsumerOperation::Answer(const absl::Status& committed) {
  if (!committed.ok()) return done_(committed);
  done_(existed_);
}

// ---- Retention

TrimOperation::TrimOperation(FrontRemoval removal, SegmentSet& segments, store::Done<Result> done)
    : removal_(std::move(removal)), segments_(segments), trim_(EncodeTrim(removal_.trim)), done_(std::move(done)) {
  if (!removal_.payloads.empty()) intent_ = EncodePayloadRemoval(removal_.payloads);
}

uint64_t TrimOperation::max_bytes() const {
  return StateRecordBytes(trim_.size()) + (intent_.empty() ? 0 : StateRecordBytes(intent_.size()));
}

void TrimOperation::Decide(GroupBuilder& group) {
  group.AddRecord(RecordType::kTrim, trim_);
  if (intent_.empty()) return;
  group.AddRecord(RecordType::kPayloadRemoval, intent_);
  result_.intent = group.number();
}

void TrimOperation::Apply(State& state, Timestamp time) {
  state.trim = removal_.trim;
  for (const FrontRemoval::Subject& subject : removal_.subjects) {
    state.catalogue.Removed(subject.id, subject.messages, subject.bytes, removal_.trim.first_sequence);
  }
  if (!intent_.empty()) state.pending_removals[result_.intent] = std::move(removal_.payloads);
  result_.file = segments_.RemoveFront();
}

void TrimOperation::Answer(const absl::Status& committed) {
  if (!committed.ok()) return done_(committed);
  done_(std::move(result_));
}

void ReleaseReservationOperation::Decide(GroupBuilder& group) {
  State& state = group.state();
  if (state.reserved_through <= state.last_sequence) return;
  state.reserved_through = state.last_sequence;
  group.AddRecord(RecordType::kReservation, EncodeReservation(state.last_sequence));
}

}  // namespace mts::log
