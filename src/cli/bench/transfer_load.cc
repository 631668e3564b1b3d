#include "cli/bench/transfer_load.h"

#include <algorithm>
#include <utility>

namespace mts::cli {

TransferLoad::~TransferLoad() = default;

void TransferLoad::AddLane(std::unique_ptr<TransferLane> lane) { lanes_.push_back(std::move(lane)); }

void TransferLoad::Start() {
  for (const auto& lane : lanes_) lane->Next();
}

void TransferLoad::Cancel() {
  for (const auto& lane : lanes_) lane->Cancel();
}

bool TransferLoad::Finished() {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->finished(); });
}

absl::Status TransferLoad::Failure() {
  for (const auto& lane : lanes_) {
    if (absl::Status failure = lane->failure(); !failure.ok()) return failure;
  }
  return absl::OkStatus();
}

TransferLane::TransferLane(TransferLoad& load, Worker& worker, RawConnections& connections, std::string method)
    : load_(load),
      worker_(worker),
      address_(connections.address()),
      method_(std::move(method)),
      stub_(connections.Next()) {}

void TransferLane::Next() {
  if (!load_.TakeTurn()) {
    finished_ = true;
    return;
  }
  Reset();
  begun_ = NowNanos();
  // It lives in the memory of the context's call.
  stream_.reset();
  {
    absl::MutexLock lock(&mutex_);
    context_.emplace();
  }
  stream_ = stub_.PrepareCall(&*context_, method_, worker_.queue());
  stream_->StartCall(&started_event_);
}

void TransferLane::Cancel() {
  absl::MutexLock lock(&mutex_);
  if (context_) context_->TryCancel();
}

absl::Status TransferLane::failure() {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void TransferLane::OnStarted(bool ok) {
  if (!ok) return Finish();
  OnOpen();
}

void TransferLane::OnFinished(bool) {
  absl::Status status = StatusOf(status_, address_);
  if (status.ok()) status = Outcome();
  if (status.ok()) {
    worker_.recorder().Record(begun_, NowNanos(), 1, bytes());
    return Next();
  }
  worker_.recorder().RecordError(status);
  {
    absl::MutexLock lock(&mutex_);
    failure_ = status;
  }
  finished_ = true;
}

}  // namespace mts::cli
