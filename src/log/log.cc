#include "log/log.h"

#include <algorithm>
#include <utility>

#include "absl/synchronization/notification.h"
#include "base/status.h"
#include "base/text.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

constexpr absl::Duration kSpaceInterval = absl::Milliseconds(500);
// An inline payload takes at most this part of a segment, so that small segments (tests) work as large ones do.
constexpr uint64_t kSegmentPartPerPayload = 8;
constexpr uint64_t kSegmentPartPerBatch = 4;

}  // namespace

Log::Log(LogOptions options)
    : options_(std::move(options)),
      state_(options_.max_subjects, options_.deduplication_window_micros, options_.max_deduplication_ids) {}

Log::~Log() { Shutdown(); }

absl::StatusOr<std::unique_ptr<Log>> Log::Open(LogOptions options) {
  std::unique_ptr<Log> log(new Log(std::move(options)));
  MTS_RETURN_IF_ERROR(log->Recover());
  return log;
}

absl::Status Log::Recover() {
  SegmentSet::Options set_options;
  set_options.files = options_.files;
  set_options.directory = options_.directory;
  set_options.catalogue = &state_.catalogue;
  set_options.cache_bytes = options_.index_cache_bytes;
  MTS_ASSIGN_OR_RETURN(segments_, SegmentSet::Create(set_options));
  MTS_ASSIGN_OR_RETURN(const RecoveryResult recovered,
                       log::Recover({options_.files, options_.directory, options_.clock}, state_, *segments_));
  damaged_spots_ = recovered.damaged_spots;
  cut_bytes_ = recovered.cut_bytes;
  if (options_.recover_payloads) MTS_RETURN_IF_ERROR(options_.recover_payloads(recovered.references));
  watermarks_.Restore(state_.last_sequence);
  visible_ = state_.last_sequence.value();
  return StartWriting(recovered);
}

absl::Status Log::StartWriting(const RecoveryResult& recovered) {
  SegmentPool::Options pool_options;
  pool_options.files = options_.files;
  pool_options.directory = options_.directory;
  pool_options.segment_bytes = options_.segment_bytes;
  pool_options.prepared = options_.prepared_segments;
  pool_options.min_free_bytes = options_.min_free_bytes;
  pool_options.disk_idle = [this] { return committer_ != nullptr && committer_->Idle(); };
  news_ = std::make_unique<News>(state_.catalogue);

  Checkpointer::Options checkpoint_options;
  checkpoint_options.files = options_.files;
  checkpoint_options.directory = options_.directory;
  checkpoint_options.clock = options_.clock;
  checkpoint_options.min_logged_bytes = options_.checkpoint_min_bytes;
  checkpoint_options.sync_payloads = options_.sync_payloads;
  if (options_.durability != Durability::kCommit) {
    checkpoint_options.ensure_durable = [this] { return committer_->EnsureDurable(); };
  }
  checkpointer_ = std::make_unique<Checkpointer>(checkpoint_options, state_, *segments_, recovered.checkpoint,
                                                 recovered.replayed_bytes);

  Committer::Options commit_options;
  commit_options.segment_bytes = options_.segment_bytes;
  commit_options.durability = options_.durability;
  commit_options.sync_interval_micros = options_.sync_interval_micros;
  commit_options.clock = options_.clock;
  commit_options.visible = [this](absl::Span<const VisibleMessage> messages) {
    visible_.store(messages.back().sequence.value(), std::memory_order_release);
    news_->Publish(messages);
  };
  commit_options.committed = [this](LogPosition end, uint64_t bytes) { checkpointer_->OnCommitted(end, bytes); };
  SetUpKeeping(commit_options);
  // What an earlier life announced to remove and did not finish.
  const std::map<GroupNumber, std::vector<PayloadReference>> removals = state_.pending_removals;
  MTS_ASSIGN_OR_RETURN(pool_, SegmentPool::Open(pool_options));
  MTS_ASSIGN_OR_RETURN(committer_, Committer::Start(commit_options, state_, *segments_, *pool_, watermarks_,
                                                    recovered.next_segment, recovered.durable_through));
  space_watcher_ = std::thread([this] { WatchFreeSpace(); });
  for (const auto& [intent, payloads] : removals) RemovePayloads(intent, payloads);
  return absl::OkStatus();
}

void Log::SetUpKeeping(Committer::Options& commit_options) {
  keep_payloads_ = options_.keep_payloads;
  if (!options_.keep_payloads || options_.durability == Durability::kCommit) return;
  keep_payloads_ = [this](const std::vector<PayloadReference>& references) {
    keep_when_durable_.insert(keep_when_durable_.end(), references.begin(), references.end());
  };
  commit_options.durable = [this] {
    if (!keep_when_durable_.empty()) options_.keep_payloads(std::exchange(keep_when_durable_, {}));
  };
}

void Log::Shutdown() {
  {
    absl::MutexLock lock(&space_mutex_);
    stopping_ = true;
  }
  if (space_watcher_.joinable()) space_watcher_.join();
  {
    absl::MutexLock lock(&removals_mutex_);
    const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(removals_mutex_) { return removals_under_way_ == 0; };
    removals_mutex_.Await(absl::Condition(&done));
  }
  if (committer_ != nullptr) {
    if (options_.durability != Durability::kCommit) {
      committer_->Submit(std::make_unique<ReleaseReservationOperation>([](const absl::Status&) {}));
    }
    committer_->Shutdown();
  }
  if (checkpointer_ != nullptr) checkpointer_->Shutdown();
  if (pool_ != nullptr) pool_->Shutdown();
}

void Log::WatchFreeSpace() {
  for (;;) {
    const absl::StatusOr<uint64_t> free = options_.files->FreeBytes(options_.directory);
    if (free.ok()) committer_->StopPublishing(*free < options_.min_free_bytes);
    absl::MutexLock lock(&space_mutex_);
    if (space_mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kSpaceInterval)) return;
  }
}

// ---- Writing

uint64_t Log::inline_limit() const {
  return std::min(options_.inline_limit, options_.segment_bytes / kSegmentPartPerPayload);
}

uint64_t Log::max_inline_batch_bytes() const {
  return std::min(limits::kMaxInlineBatchBytes, options_.segment_bytes / kSegmentPartPerBatch);
}

void Log::Append(absl::Span<const NewMessage> batch, std::shared_ptr<store::AppendOrder> order,
                 store::AppendDone done) {
  absl::StatusOr<RecordBatch> records = RecordBatch::Encode(batch, committer_->max_operation_bytes());
  if (!records.ok()) {
    store::AppendOutcome outcome;
    outcome.status = records.status();
    return done(std::move(outcome));
  }
  committer_->Submit(
      std::make_unique<AppendOperation>(*std::move(records), keep_payloads_, std::move(order), std::move(done)));
}

void Log::SetPosition(Pattern pattern, PositionBody body, store::Done<Sequence> done) {
  committer_->Submit(std::make_unique<PositionOperation>(std::move(pattern), std::move(body), std::move(done)));
}

void Log::DeleteConsumer(const ConsumerId& id, store::Done<bool> done) {
  committer_->Submit(std::make_unique<DeleteConsumerOperation>(id, std::move(done)));
}

// ---- Reading

absl::StatusOr<store::MessageBlockPtr> Log::Read(const store::ReadRequest& request) {
  MTS_ASSIGN_OR_RETURN(const SegmentSet::Found found,
                       segments_->Find(request.pattern, request.after, visible(), request.max_messages));
  MTS_ASSIGN_OR_RETURN(RecordReader::Result result,
                       reader_.Read(found.locations, {request.max_bytes, request.max_inline_bytes}));
  if (result.read == found.locations.size()) {
    result.block->scanned_through = std::max(found.scanned_through, request.after);
  }
  return std::move(result.block);
}

absl::StatusOr<store::MessageBlockPtr> Log::ReadOne(std::string_view subject, Sequence sequence,
                                                    uint64_t max_inline_bytes) {
  absl::Status missing =
      absl::NotFoundError(Concat("no message ", sequence.value(), subject.empty() ? "" : " on subject ", subject));
  if (sequence == kNoSequence || sequence > visible()) return missing;
  const absl::StatusOr<SegmentSet::Location> location = segments_->FindOne(sequence);
  if (absl::IsNotFound(location.status())) return missing;
  MTS_RETURN_IF_ERROR(location.status());
  MTS_ASSIGN_OR_RETURN(RecordReader::Result result, reader_.Read({&*location, 1}, {UINT64_MAX, max_inline_bytes}));
  if (result.block->messages.empty()) {
    return absl::DataLossError(Concat("message ", sequence.value(), " is damaged on disk"));
  }
  if (!subject.empty() && result.block->messages.front().subject != subject) return missing;
  return std::move(result.block);
}

absl::StatusOr<Sequence> Log::LastBefore(Timestamp time) {
  // Times ascend with sequences: first the segment, then a binary search in it.
  Sequence low = kNoSequence;
  Sequence high = kNoSequence;
  for (const SegmentSummary& summary : segments_->Summaries()) {
    if (summary.messages == 0) continue;
    if (summary.first_time >= time) break;
    low = summary.first;
    high = std::min(summary.last, visible());
  }
  while (low < high) {
    const Sequence middle(low.value() + (high.value() - low.value() + 1) / 2);
    MTS_ASSIGN_OR_RETURN(const SegmentSet::Found found,
                         segments_->Find(Pattern::All(), Sequence(middle.value() - 1), high, 1));
    if (found.locations.empty()) {
      high = Sequence(middle.value() - 1);
      continue;
    }
    MTS_ASSIGN_OR_RETURN(const RecordReader::Result result, reader_.Read(found.locations, {UINT64_MAX, 0}));
    const bool before = !result.block->messages.empty() && result.block->messages.front().time < time;
    if (before) {
      low = found.locations.front().sequence;
    } else {
      high = Sequence(middle.value() - 1);
    }
  }
  return low;
}

absl::StatusOr<uint64_t> Log::CountAfter(const Pattern& pattern, Sequence position) {
  return segments_->CountAfter(pattern, position);
}

absl::StatusOr<std::vector<store::SubjectState>> Log::Subjects(const Pattern& pattern, const store::Page& page) {
  std::vector<store::SubjectState> subjects = state_.catalogue.List(pattern, page.after, page.size);
  const std::optional<SegmentSummary> front = segments_->Front();
  const bool complete = front && front->number <= SegmentNumber(1);
  if (complete) return subjects;
  for (store::SubjectState& subject : subjects) {
    if (subject.messages == 0) continue;
    // After a removal the catalogue knows a lower bound only.
    const Sequence before(subject.first.value() == 0 ? 0 : subject.first.value() - 1);
    MTS_ASSIGN_OR_RETURN(const SegmentSet::Found found,
                         segments_->Find(Pattern::Exact(subject.subject), before, visible(), 1));
    if (found.locations.empty()) continue;
    MTS_ASSIGN_OR_RETURN(const RecordReader::Result result, reader_.Read(found.locations, {UINT64_MAX, 0}));
    subject.first = found.locations.front().sequence;
    if (!result.block->messages.empty()) subject.first_time = result.block->messages.front().time;
  }
  return subjects;
}

std::unique_ptr<store::Watch> Log::WatchNews(const Pattern& pattern, store::NewsCallback callback) {
  return news_->Watch(pattern, std::move(callback));
}

LogCounters Log::counters() const {
  LogCounters counters;
  counters.damaged_spots = damaged_spots_;
  counters.damaged_records = reader_.damaged_records();
  counters.damaged_indexes = segments_->damaged_indexes();
  counters.cut_bytes = cut_bytes_;
  counters.segments = segments_->segment_count();
  const Committer::Queue queue = committer_->queue();
  counters.queued_operations = queue.operations;
  counters.queued_bytes = queue.bytes;
  counters.forgotten_duplicates = state_.deduplication.evicted();
  return counters;
}

}  // namespace mts::log
