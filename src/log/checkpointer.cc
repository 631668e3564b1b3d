#include "log/checkpointer.h"

#include <algorithm>

#include "base/status.h"
#include "log/identity.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

constexpr uint64_t kLoggedPerCheckpointByte = 4;
constexpr absl::Duration kPatience = absl::Seconds(10);  // with a slow disk

}  // namespace

Checkpointer::Checkpointer(Options options, const State& state, const SegmentSet& segments,
                           std::optional<CheckpointInfo> newest, uint64_t logged_since)
    : options_(std::move(options)),
      state_(state),
      segments_(segments),
      logged_since_(logged_since),
      newest_(std::move(newest)),
      thread_([this] { Run(); }) {}

Checkpointer::~Checkpointer() { Shutdown(); }

void Checkpointer::OnCommitted(LogPosition end, uint64_t group_bytes) {
  logged_since_ += group_bytes;
  {
    absl::MutexLock lock(&mutex_);
    const uint64_t last_bytes = newest_ ? newest_->bytes : 0;
    const uint64_t enough = std::max(options_.min_logged_bytes, kLoggedPerCheckpointByte * last_bytes);
    if (!wanted_ && logged_since_ < enough) return;
    if (due_ != nullptr || writing_ || stop_) return;
    wanted_ = false;
  }
  if (options_.ensure_durable && !options_.ensure_durable().ok()) return;
  logged_since_ = 0;
  auto snapshot = std::make_unique<CheckpointSnapshot>(
      TakeSnapshot(state_, segments_.Summaries(), end, options_.clock->MonotonicMicros(), NewIdentity()));
  absl::MutexLock lock(&mutex_);
  due_ = std::move(snapshot);
}

absl::Status Checkpointer::EnsureBeyond(SegmentNumber segment, const std::function<absl::Status()>& nudge) {
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    uint64_t before = 0;
    {
      absl::MutexLock lock(&mutex_);
      // One that is being written now may have been taken too early, and keeps the next from being taken.
      const auto free = [this]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return (!writing_ && due_ == nullptr) || stop_; };
      mutex_.AwaitWithTimeout(absl::Condition(&free), kPatience);
      if (newest_ && newest_->position.segment > segment) return absl::OkStatus();
      wanted_ = true;
      before = attempts_;
    }
    MTS_RETURN_IF_ERROR(nudge());
    absl::MutexLock lock(&mutex_);
    const auto done = [this, before]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return attempts_ > before || stop_; };
    mutex_.AwaitWithTimeout(absl::Condition(&done), kPatience);
    if (stop_) return absl::UnavailableError("the server is shutting down");
    if (!last_status_.ok()) return last_status_;
  }
  return absl::UnavailableError("no checkpoint beyond the segment could be written in time");
}

std::optional<CheckpointInfo> Checkpointer::newest() const {
  absl::MutexLock lock(&mutex_);
  return newest_;
}

absl::Status Checkpointer::Write(const CheckpointSnapshot& snapshot) {
  if (options_.sync_payloads) MTS_RETURN_IF_ERROR(options_.sync_payloads());
  MTS_ASSIGN_OR_RETURN(CheckpointInfo info, WriteCheckpoint(*options_.files, options_.directory, snapshot));
  absl::MutexLock lock(&mutex_);
  newest_ = info;
  return absl::OkStatus();
}

void Checkpointer::Run() {
  for (;;) {
    std::unique_ptr<CheckpointSnapshot> snapshot;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](Checkpointer* self)
               ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) { return self->due_ != nullptr || self->stop_; },
          this));
      if (due_ == nullptr) return;
      snapshot = std::move(due_);
      writing_ = true;
    }
    const absl::Status status = Write(*snapshot);
    if (!status.ok()) spdlog::error("log: checkpoint: {}", status.ToString());
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    ++attempts_;
    last_status_ = status;
  }
}

void Checkpointer::Shutdown() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace mts::log
