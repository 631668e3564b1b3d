#include "log/recovery_replay.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "log/recovery.h"
#include "spdlog/spdlog.h"

namespace mts::log {

void DamageCollector::Report(DamageReport report) {
  ++count_;
  if (reports_.size() >= kMaxDamageReports) return;
  spdlog::error("log: damage in {} at {}, {} bytes: {}", report.file, report.offset, report.bytes, report.what);
  reports_.push_back(std::move(report));
}

absl::StatusOr<SegmentSummary> Replay::Run(const SegmentFile& segment, const Plan& plan) {
  plan_ = plan;
  summary_ = {};
  summary_.number = segment.number;
  summary_.identity = segment.header.identity;
  sealed_ = false;
  const auto report = [&](uint64_t offset, uint64_t bytes, std::string_view what) {
    if (plan_.report_damage) damage_.Report({segment.path, offset, bytes, std::string(what)});
  };
  if (plan.index) segments_.OpenSegment(segment.number, segment.header.identity, segment.file);

  SegmentScanner scanner(*segment.file, segment.header.identity, kSegmentHeaderBytes, plan.limit);
  const absl::StatusOr<bool> walked =
      ForEachGroup(scanner, plan.ends_open, report, [&](const ScannedGroup& group) -> absl::StatusOr<bool> {
        MTS_RETURN_IF_ERROR(RunGroup(scanner, group, report));
        return sealed_;
      });
  MTS_RETURN_IF_ERROR(walked.status());
  summary_.end = plan.ends_open ? plan.limit : scanner.position();
  if (plan.index) segments_.Seal(summary_.end);
  if (plan.state_from < plan.limit) replayed_bytes_ += plan.limit - std::max(plan.state_from, kSegmentHeaderBytes);
  return summary_;
}

absl::Status Replay::RunGroup(SegmentScanner& scanner, const ScannedGroup& group, DamageSink damage) {
  visible_.clear();
  uncounted_ = 0;
  group_time_ = group.header.time;
  group_last_ = group.header.last_sequence;
  const GroupNumber number = group.has_header ? group.header.number : state_.next_group;
  MTS_RETURN_IF_ERROR(
      scanner.ForEachRecord(group, damage, [&](const ScannedRecord& record) { return Apply(record, number); }));
  EndGroup(group, group_time_);
  return absl::OkStatus();
}

absl::Status Replay::Apply(const ScannedRecord& record, GroupNumber group) {
  // A group whose header is lost is known by its records.
  group_time_ = std::max(group_time_, record.header.time);
  group_last_ = std::max(group_last_, record.header.sequence);
  if (record.header.type == RecordType::kSeal) sealed_ = true;
  if (record.header.type == RecordType::kMessage) return ApplyMessage(record);
  if (record.offset >= plan_.state_from) ApplyState(record, group);
  return absl::OkStatus();
}

absl::Status Replay::ApplyMessage(const ScannedRecord& record) {
  std::optional<MessageBody> body = DecodeMessageBody(record.body);
  if (!body) return absl::OkStatus();  // whole and yet no message: of a writer gone wrong, nothing to show
  const uint64_t payload_bytes = body->size;
  if (summary_.messages++ == 0) {
    summary_.first = record.header.sequence;
    summary_.first_time = record.header.time;
  }
  summary_.last = record.header.sequence;
  summary_.last_time = record.header.time;
  summary_.payload_bytes += payload_bytes;

  const bool counts = record.offset >= plan_.catalogue_from;
  if (!counts && !plan_.index) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const SubjectId subject, state_.catalogue.FindOrCreate(body->subject));
  const bool stored = body->reference && body->reference->kind == PayloadKind::kStored;
  visible_.push_back(
      {subject, static_cast<uint32_t>(record.offset / kAlignment), record.header.sequence, payload_bytes, stored});
  if (!counts) ++uncounted_;
  if (record.offset < plan_.state_from) return absl::OkStatus();

  const int64_t age = std::max<int64_t>(0, last_time_.value() - record.header.time.value());
  if (!body->message_id.empty() && age <= window_micros_) {
    state_.deduplication.Add(MakeDeduplicationKey(body->subject, body->message_id), record.header.sequence, now_ - age);
  }
  if (stored) references_[body->reference->key] = *std::move(body->reference);
  return absl::OkStatus();
}

void Replay::EndGroup(const ScannedGroup& group, Timestamp time) {
  const absl::Span<const VisibleMessage> all(visible_);
  if (plan_.index && !all.empty()) segments_.Add(all, time);
  const absl::Span<const VisibleMessage> counted = all.subspan(uncounted_);
  if (plan_.catalogue_from != kNothing && !counted.empty()) {
    for (const VisibleMessage& message : counted) state_.catalogue.Accept(message.subject, message.sequence);
    state_.catalogue.MakeVisible(counted, time);
  }
  if (group.header.offset < plan_.state_from) return;
  state_.last_sequence = std::max(state_.last_sequence, group_last_);
  state_.last_time = std::max(state_.last_time, time);
  if (group.has_header) state_.next_group = std::max(state_.next_group, group.header.number.Next());
}

void Replay::ApplyState(const ScannedRecord& record, GroupNumber group) {
  switch (record.header.type) {
    case RecordType::kPosition:
      if (const auto body = DecodePosition(record.body)) ApplyPosition(*body, record.header.time);
      break;
    case RecordType::kConsumerDeleted:
      if (const auto id = DecodeConsumerDeleted(record.body)) state_.consumers.Delete(*id);
      break;
    case RecordType::kTrim:
      if (const auto trim = DecodeTrim(record.body)) state_.trim = *trim;
      break;
    case RecordType::kPayloadRemoval:
      if (const auto references = DecodePayloadRemoval(record.body)) ApplyRemoval(group, *references);
      break;
    case RecordType::kPayloadsRemoved:
      if (const auto done = DecodePayloadsRemoved(record.body)) state_.pending_removals.erase(*done);
      break;
    case RecordType::kReservation:
      // The latest one holds: a clean end takes back what was not used.
      if (const auto through = DecodeReservation(record.body)) state_.reserved_through = *through;
      break;
    default:
      break;
  }
}

void Replay::ApplyPosition(const PositionBody& body, Timestamp time) {
  const std::optional<Sequence> present = state_.consumers.Position(body.id);
  const bool back = present && *present > body.position && !body.reset;
  state_.consumers.Set(body.id, back ? *present : body.position, time);
}

void Replay::ApplyRemoval(GroupNumber group, const std::vector<PayloadReference>& references) {
  std::vector<PayloadReference>& pending = state_.pending_removals[group];
  for (const PayloadReference& reference : references) {
    pending.push_back(reference);
    references_.erase(reference.key);
  }
}

std::vector<PayloadReference> Replay::TakeReferences() {
  std::vector<PayloadReference> references;
  references.reserve(references_.size());
  for (auto& [key, reference] : references_) references.push_back(std::move(reference));
  references_.clear();
  return references;
}

}  // namespace mts::log
