#include "log/committer.h"

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/identity.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

// A group is closed when it has so many bytes: larger ones only make the first in it wait longer.
constexpr uint64_t kGroupBytes = 4 * limits::kMiB;
// Kept in each segment for records that are not messages, so that a full disk can still be acknowledged and trimmed.
constexpr uint64_t kReserveDivisor = 256;
constexpr int64_t kIdleMicros = 50'000;

uint64_t SealBytes() { return kGroupHeaderBytes + StateRecordBytes(EncodeSeal({}).size()); }
uint64_t ReservationBytes() { return StateRecordBytes(EncodeReservation(kNoSequence).size()); }

}  // namespace

Committer::Committer(Options options, State& state, SegmentSet& segments, SegmentPool& pool, Watermarks& watermarks)
    : options_(std::move(options)), state_(state), segments_(segments), pool_(pool), watermarks_(watermarks) {}

absl::StatusOr<std::unique_ptr<Committer>> Committer::Start(Options options, State& state, SegmentSet& segments,
                                                            SegmentPool& pool, Watermarks& watermarks,
                                                            SegmentNumber first_segment, LogPosition durable_through) {
  std::unique_ptr<Committer> committer(new Committer(std::move(options), state, segments, pool, watermarks));
  committer->durable_ = durable_through;
  MTS_RETURN_IF_ERROR(committer->OpenSegment(first_segment));
  committer->thread_ = std::thread([raw = committer.get()] { raw->Run(); });
  return committer;
}

Committer::~Committer() { Shutdown(); }

uint64_t Committer::max_operation_bytes() const {
  const uint64_t reserve = options_.segment_bytes / kReserveDivisor;
  return options_.segment_bytes - kSegmentHeaderBytes - kGroupHeaderBytes - ReservationBytes() - SealBytes() - reserve;
}

bool Committer::Idle() const {
  return options_.clock->MonotonicMicros() - last_commit_micros_.load(std::memory_order_relaxed) > kIdleMicros;
}

Committer::Queue Committer::queue() const {
  absl::MutexLock lock(&mutex_);
  return {queue_.size(), queued_bytes_};
}

absl::Status Committer::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

// ---- Queue

void Committer::Refuse(std::unique_ptr<Operation> operation, const absl::Status& status) { operation->Answer(status); }

void Committer::Submit(std::unique_ptr<Operation> operation) {
  absl::Status refusal;
  if (operation->max_bytes() > max_operation_bytes()) {
    refusal = absl::InvalidArgumentError(
        Concat("needs ", operation->max_bytes(), " bytes; a segment holds ", max_operation_bytes()));
  } else if (operation->publishes() && publishing_stopped_.load(std::memory_order_relaxed)) {
    refusal =
        absl::ResourceExhaustedError("the disk is nearly full (min_free_bytes): publishing stops until there is room");
  } else {
    absl::MutexLock lock(&mutex_);
    const uint64_t bytes = operation->max_bytes();
    if (!failure_.ok()) {
      refusal = failure_;
    } else if (stopping_) {
      refusal = absl::UnavailableError("the server is shutting down");
    } else if (queue_.size() >= limits::kMaxQueuedAppends ||
               (!queue_.empty() && queued_bytes_ + bytes > limits::kMaxQueuedBytes)) {
      refusal = absl::ResourceExhaustedError("too many publishes wait for the disk; try again");
    } else {
      queued_bytes_ += bytes;
      queue_.push_back(std::move(operation));
      if (queue_.size() == 1) work_.Signal();
      return;
    }
  }
  Refuse(std::move(operation), refusal);
}

bool Committer::SyncIsDue() const {
  return unsynced_ && options_.durability == Durability::kInterval &&
         options_.clock->MonotonicMicros() - last_sync_micros_ >= options_.sync_interval_micros;
}

bool Committer::TakeQueued(Operations& operations) {
  absl::MutexLock lock(&mutex_);
  while (queue_.empty() && !stopping_) {
    if (options_.durability == Durability::kInterval && unsynced_) {
      work_.WaitWithTimeout(&mutex_, absl::Microseconds(options_.sync_interval_micros));
      if (SyncIsDue()) return true;
    } else {
      work_.Wait(&mutex_);
    }
  }
  operations.swap(queue_);
  queued_bytes_ = 0;
  return !operations.empty() || !stopping_;
}

void Committer::Run() {
  Operations operations;
  while (TakeQueued(operations)) {
    CommitAll(operations);
    operations.clear();
    if (SyncIsDue()) EnsureDurable().IgnoreError();  // a failure is kept: it ends writing
  }
  if (failure().ok()) EnsureDurable().IgnoreError();
}

void Committer::Shutdown() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    work_.Signal();
  }
  if (thread_.joinable()) thread_.join();
  answerer_.Drain();
}

void Committer::Fail(const absl::Status& status) {
  spdlog::critical("log: writing ends until restart: {}", status.ToString());
  absl::MutexLock lock(&mutex_);
  failure_ = absl::UnavailableError(Concat("writing to the log failed, restart the server: ", status.ToString()));
}

// ---- Groups

Timestamp Committer::CommitTime() const { return std::max(options_.clock->Now(), state_.last_time); }

void Committer::CommitAll(Operations& operations) {
  size_t begin = 0;
  while (begin < operations.size()) begin = CommitGroup(operations, begin);
}

size_t Committer::CommitGroup(Operations& operations, size_t begin) {
  absl::Status room = failure();
  if (room.ok()) room = MakeRoom(*operations[begin]);
  if (!room.ok()) {
    // Whatever the disk says of a new segment, the publish may be tried again.
    if (!IsRetryable(room)) room = absl::UnavailableError(Concat("no new segment: ", room.ToString()));
    Refuse(std::move(operations[begin]), room);
    return begin + 1;
  }
  GroupBuilder group(state_, active_.identity, active_.end, CommitTime(), options_.clock->MonotonicMicros());
  const size_t end = DecideGroup(operations, begin, group);
  watermarks_.Accepted(state_.last_sequence);
  Operations decided(std::make_move_iterator(operations.begin() + static_cast<ptrdiff_t>(begin)),
                     std::make_move_iterator(operations.begin() + static_cast<ptrdiff_t>(end)));
  absl::Status status = group.empty() ? absl::OkStatus() : WriteGroup(group);
  if (status.ok()) {
    MakeVisible(group, decided);
  } else {
    Fail(status);
    status = failure();
  }
  last_commit_micros_.store(options_.clock->MonotonicMicros(), std::memory_order_relaxed);
  answerer_.Answer(std::move(decided), status);
  return end;
}

size_t Committer::DecideGroup(Operations& operations, size_t begin, GroupBuilder& group) {
  const uint64_t reserve = options_.segment_bytes / kReserveDivisor;
  const uint64_t limit = options_.segment_bytes - active_.end - SealBytes();
  size_t end = begin;
  uint64_t messages_at_most = 0;
  for (; end < operations.size(); ++end) {
    const Operation& operation = *operations[end];
    const uint64_t kept = (operation.publishes() ? reserve : 0) + ReservationBytes();
    const uint64_t bytes = group.bytes() + operation.max_bytes();
    if (end > begin && (operation.rolls() || bytes + kept > limit || bytes > kGroupBytes)) break;
    messages_at_most += operation.max_bytes() / kRecordHeaderBytes;
    if (options_.durability != Durability::kCommit) ReserveSequences(group, messages_at_most);
    if (operation.always_durable()) must_sync_ = true;
    operations[end]->Decide(group);
  }
  return end;
}

void Committer::ReserveSequences(GroupBuilder& group, uint64_t messages) {
  const Sequence needed(state_.last_sequence.value() + messages);
  if (needed <= state_.reserved_through) return;
  state_.reserved_through = Sequence(needed.value() + limits::kSequenceReservation);
  group.AddRecord(RecordType::kReservation, EncodeReservation(state_.reserved_through));
  must_sync_ = true;
}

absl::Status Committer::WriteGroup(GroupBuilder& group) {
  MTS_RETURN_IF_ERROR(active_.file->WriteAt(active_.end, group.Finish(durable_)));
  active_.end += group.bytes();
  unsynced_ = true;
  watermarks_.Written(state_.last_sequence);
  if (options_.durability == Durability::kCommit || must_sync_) return SyncActive();
  return absl::OkStatus();
}

absl::Status Committer::EnsureDurable() {
  absl::Status status = unsynced_ ? SyncActive() : absl::OkStatus();
  if (!status.ok()) {
    Fail(status);
  } else if (options_.durable) {
    options_.durable();
  }
  return status;
}

absl::Status Committer::SyncActive() {
  MTS_RETURN_IF_ERROR(active_.file->SyncData());
  unsynced_ = false;
  must_sync_ = false;
  durable_ = {active_.number, active_.end};
  last_sync_micros_ = options_.clock->MonotonicMicros();
  watermarks_.Durable(state_.last_sequence);
  return absl::OkStatus();
}

void Committer::MakeVisible(const GroupBuilder& group, Operations& decided) {
  const std::vector<VisibleMessage>& messages = group.visible();
  if (!group.empty()) state_.last_time = group.time();
  if (!messages.empty()) {
    if (active_.messages == 0) active_.first = messages.front().sequence;
    active_.messages += messages.size();
    active_.last = messages.back().sequence;
    segments_.Add(messages, group.time());
    state_.catalogue.MakeVisible(messages, group.time());
  }
  for (const std::unique_ptr<Operation>& operation : decided) operation->Apply(state_, group.time());
  if (!messages.empty() && options_.visible) options_.visible(messages);
  if (options_.committed) options_.committed({active_.number, active_.end}, group.empty() ? 0 : group.bytes());
}

// ---- Segments

absl::Status Committer::MakeRoom(const Operation& operation) {
  const uint64_t reserve = operation.publishes() ? options_.segment_bytes / kReserveDivisor : 0;
  const uint64_t needed = kGroupHeaderBytes + ReservationBytes() + operation.max_bytes() + reserve + SealBytes();
  const bool roll = operation.rolls() && active_.messages > 0;
  if (!roll && active_.end + needed <= options_.segment_bytes) return absl::OkStatus();
  return OpenSegment(active_.number.Next());
}

absl::Status Committer::OpenSegment(SegmentNumber number) {
  SegmentHeader header;
  header.identity = NewIdentity();
  header.number = number;
  header.first_sequence = state_.last_sequence.Next();
  header.capacity = options_.segment_bytes;
  header.opened = CommitTime();
  // The seal of the present segment is a group too.
  header.first_group = active_.file == nullptr ? state_.next_group : state_.next_group.Next();
  MTS_ASSIGN_OR_RETURN(std::shared_ptr<io::File> file, pool_.Take(header));
  if (active_.file != nullptr) {
    if (absl::Status status = SealActive(); !status.ok()) {
      Fail(status);
      return failure();
    }
  }
  active_ = Active{};
  active_.file = std::move(file);
  active_.number = number;
  active_.identity = header.identity;
  active_.end = kSegmentHeaderBytes;
  segments_.OpenSegment(number, header.identity, active_.file);
  return absl::OkStatus();
}

absl::Status Committer::SealActive() {
  GroupBuilder group(state_, active_.identity, active_.end, CommitTime(), options_.clock->MonotonicMicros());
  group.AddRecord(RecordType::kSeal, EncodeSeal({active_.messages, active_.first, active_.last}));
  MTS_RETURN_IF_ERROR(active_.file->WriteAt(active_.end, group.Finish(durable_)));
  active_.end += group.bytes();
  MTS_RETURN_IF_ERROR(SyncActive());
  if (options_.durable) options_.durable();
  segments_.Seal(active_.end);
  return absl::OkStatus();
}

}  // namespace mts::log
