// Retention of the whole store: whole segments go, oldest first. Order of steps (promise P3, design section 4): a
// checkpoint that no longer needs the segment; the trim record with the intent to remove its payload files, durable;
// out of sight; files unlinked or recycled; the done record.
#include <algorithm>

#include "base/await.h"
#include "base/status.h"
#include "base/text.h"
#include "log/log.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

absl::Status Flatten(const absl::StatusOr<absl::Status>& answer) { return answer.ok() ? *answer : answer.status(); }

}  // namespace

bool Log::ClockJumped() {
  const int64_t wall = options_.clock->Now().value();
  const int64_t running = options_.clock->MonotonicMicros();
  const bool first = last_wall_micros_ == 0;
  const int64_t jump = (wall - last_wall_micros_) - (running - last_running_micros_);
  last_wall_micros_ = wall;
  last_running_micros_ = running;
  if (!first && jump > limits::kMaxClockJumpMicros) {
    spdlog::warn("log: the clock jumped forward by {} s; nothing expires for {} s", jump / 1'000'000,
                 limits::kClockJumpGraceMicros / 1'000'000);
    grace_until_micros_ = running + limits::kClockJumpGraceMicros;
  }
  return running < grace_until_micros_;
}

bool Log::PastLimits(const SegmentSummary& front, const Retention& limits) {
  if (limits.max_age_micros > 0 && !ClockJumped()) {
    if (front.last_time.value() + limits.max_age_micros <= options_.clock->Now().value()) return true;
  }
  if (limits.max_bytes == 0 && limits.max_messages == 0) return false;
  uint64_t bytes = 0;
  uint64_t messages = 0;
  for (const SegmentSummary& summary : segments_->Summaries()) {
    bytes += summary.payload_bytes;
    messages += summary.messages;
  }
  if (limits.max_bytes > 0 && bytes > limits.max_bytes) return true;
  return limits.max_messages > 0 && messages - front.messages >= limits.max_messages;
}

absl::StatusOr<bool> Log::ExpireFront(const Retention& limits) {
  absl::MutexLock lock(&expiry_mutex_);
  const std::optional<SegmentSummary> front = segments_->Front();
  if (!front || limits.Unlimited()) return false;
  if (segments_->segment_count() == 1) return RollIfOld(*front, limits);
  if (!PastLimits(*front, limits)) return false;
  MTS_RETURN_IF_ERROR(RemoveFront(*front));
  return true;
}

absl::StatusOr<bool> Log::RollIfOld(const SegmentSummary& active, const Retention& limits) {
  if (active.messages == 0 || limits.max_age_micros <= 0 || ClockJumped()) return false;
  if (active.last_time.value() + limits.max_age_micros > options_.clock->Now().value()) return false;
  MTS_RETURN_IF_ERROR(Flatten(Await<absl::StatusOr<absl::Status>>([this](auto answered) {
    committer_->Submit(std::make_unique<RollOperation>(
        [answered](absl::Status status) mutable { answered(absl::StatusOr<absl::Status>(std::move(status))); }));
  })));
  return true;
}

absl::StatusOr<FrontRemoval> Log::DescribeFront(const SegmentSummary& front) {
  FrontRemoval removal;
  removal.trim.first_segment = front.number.Next();
  removal.trim.first_sequence = front.messages > 0 ? front.last.Next() : state_.trim.first_sequence;
  std::vector<SegmentSet::Location> references;
  MTS_RETURN_IF_ERROR(segments_->DescribeFront(
      [&](const SegmentSet::SubjectTotal& total) {
        const std::optional<SubjectId> id = state_.catalogue.Find(total.subject);
        if (id) removal.subjects.push_back({*id, total.messages, total.payload_bytes});
      },
      [&](const SegmentSet::Location& location) { references.push_back(location); }));
  MTS_ASSIGN_OR_RETURN(const RecordReader::Result result, reader_.Read(references, {UINT64_MAX, 0}));
  for (const StoredMessage& message : result.block->messages) {
    if (message.reference) removal.payloads.push_back(*message.reference);
  }
  return removal;
}

absl::Status Log::RemoveFront(const SegmentSummary& front) {
  MTS_RETURN_IF_ERROR(checkpointer_->EnsureBeyond(front.number, [this] {
    return Flatten(Await<absl::StatusOr<absl::Status>>([this](auto answered) {
      committer_->Submit(std::make_unique<NudgeOperation>(
          [answered](absl::Status status) mutable { answered(absl::StatusOr<absl::Status>(std::move(status))); }));
    }));
  }));
  MTS_ASSIGN_OR_RETURN(FrontRemoval removal, DescribeFront(front));
  const std::vector<PayloadReference> payloads = removal.payloads;
  MTS_ASSIGN_OR_RETURN(
      TrimOperation::Result trimmed, Await<absl::StatusOr<TrimOperation::Result>>([&](auto answered) {
        committer_->Submit(std::make_unique<TrimOperation>(std::move(removal), *segments_, std::move(answered)));
      }));
  spdlog::info("log: {} expired: {} messages, {} bytes", SegmentFileName(front.number), front.messages,
               front.payload_bytes);
  MTS_RETURN_IF_ERROR(pool_->Recycle(front.number, trimmed.file));
  if (!payloads.empty()) RemovePayloads(trimmed.intent, payloads);
  return absl::OkStatus();
}

void Log::RemovePayloads(GroupNumber intent, const std::vector<PayloadReference>& payloads) {
  if (!options_.remove_payloads) return;
  {
    absl::MutexLock lock(&removals_mutex_);
    ++removals_under_way_;
  }
  options_.remove_payloads(payloads, [this, intent](const absl::Status& removed) {
    if (removed.ok()) {
      committer_->Submit(std::make_unique<PayloadsRemovedOperation>(intent, [](const absl::Status&) {}));
    } else {
      spdlog::warn("log: payload files of expired messages stay until the next start: {}", removed.ToString());
    }
    absl::MutexLock lock(&removals_mutex_);
    --removals_under_way_;
  });
}

}  // namespace mts::log
