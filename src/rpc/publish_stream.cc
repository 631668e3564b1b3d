#include "rpc/publish_stream.h"

#include <utility>

#include "rpc/byte_buffers.h"
#include "rpc/error_mapping.h"
#include "rpc/publish_encoder.h"

namespace mts::rpc {
namespace {

// What a message costs in flight besides its bytes.
constexpr uint64_t kMessageOverhead = 128;
// Batches kept for use again, and how large one may have been.
constexpr size_t kMaxSpare = 32;
constexpr size_t kMaxSpareMessages = 2048;

}  // namespace

PublishStream::PublishStream(broker::Broker& broker, LiveCalls& calls, InFlightGate& gate)
    : broker_(broker), calls_(calls), gate_(gate), order_(std::make_shared<broker::PublishOrder>()) {}

PublishStream::~PublishStream() = default;

void PublishStream::Start() {
  self_ = shared_from_this();
  const LiveCalls::Admission admission = calls_.Add(shared_from_this());
  absl::MutexLock lock(&mutex_);
  if (admission == LiveCalls::Admission::kAdmitted) return ReadMore();
  End(admission == LiveCalls::Admission::kTooMany
          ? grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams are open")
          : ShuttingDown());
}

void PublishStream::ReadMore() {
  if (reading_ || submitting_ || reads_ended_ || end_ || finished_) return;
  if (batches_.size() >= kMaxBatches || bytes_ >= kMaxBytes) return;
  reading_ = true;
  StartRead(&read_buffer_);
}

std::unique_ptr<PublishStream::Batch> PublishStream::NewBatch() {
  absl::MutexLock lock(&mutex_);
  if (spare_.empty()) return std::make_unique<Batch>();
  std::unique_ptr<Batch> batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void PublishStream::Decode(Batch& batch) {
  store::AppendOutcome refused;
  const bool decoded = batch.decoder.DecodeBatch(View(batch.bytes), broker_.options().limits.max_batch_messages);
  batch.weight = batch.bytes.size() + batch.decoder.messages().size() * kMessageOverhead;
  if (!decoded) {
    refused.status = absl::InvalidArgumentError("batch is not a valid protobuf message");
  } else if (batch.decoder.scheduled_position() >= 0) {
    refused.status = absl::UnimplementedError("deliver_at is not allowed in a batch");
    refused.refused_position = static_cast<uint32_t>(batch.decoder.scheduled_position());
  } else {
    return;
  }
  batch.answer = EncodeBatchOutcome(refused);
  batch.answered = true;
}

void PublishStream::OnReadDone(bool ok) {
  std::unique_ptr<Batch> batch;
  if (ok) {
    batch = NewBatch();
    batch->bytes = Flatten(&read_buffer_);
    read_buffer_.Clear();
    Decode(*batch);
  }
  Batch* const submitted = Accept(std::move(batch));
  if (submitted == nullptr) return Progress();
  InFlightGate::Waiter waiter = [self = shared_from_this(), submitted] { self->Submit(submitted); };
  if (gate_.Enter(submitted->weight, waiter)) Submit(submitted);
}

PublishStream::Batch* PublishStream::Accept(std::unique_ptr<Batch> batch) {
  absl::MutexLock lock(&mutex_);
  reading_ = false;
  if (batch == nullptr) reads_ended_ = true;
  if (batch == nullptr || end_ || finished_) return nullptr;
  Batch* const accepted = batch.get();
  bytes_ += accepted->weight;
  batches_.push_back(std::move(batch));
  if (accepted->answered) return nullptr;
  submitting_ = true;
  return accepted;
}

void PublishStream::Submit(Batch* batch) {
  broker_.publisher().PublishBatch(
      batch->decoder.messages(), order_,
      [self = shared_from_this(), batch](store::AppendOutcome outcome) { self->Answer(batch, std::move(outcome)); });
  {
    absl::MutexLock lock(&mutex_);
    submitting_ = false;
  }
  Progress();
}

// A batch stays where it is until it is answered here, also when the stream has ended.
void PublishStream::Answer(Batch* batch, store::AppendOutcome outcome) {
  const uint64_t weight = batch->weight;
  const bool in_response = outcome.status.ok() || AnsweredInResponse(outcome.status);
  grpc::ByteBuffer answer;
  if (in_response) answer = EncodeBatchOutcome(outcome);
  {
    absl::MutexLock lock(&mutex_);
    batch->answered = true;
    if (in_response) {
      batch->answer.Swap(&answer);
    } else {
      batch->last = true;
      if (!end_) end_ = ToGrpcStatus(outcome.status);
    }
  }
  Progress();
  gate_.Leave(weight);
}

void PublishStream::Progress() {
  absl::MutexLock lock(&mutex_);
  WriteAnswers();
  ReadMore();
  FinishIfDone();
}

void PublishStream::WriteAnswers() {
  if (writing_ || finished_ || batches_.empty()) return;
  if (submitting_ && batches_.size() == 1) return;  // the store may still look at its bytes
  const Batch& front = *batches_.front();
  if (!front.answered || front.last) return;
  writing_ = true;
  grpc::WriteOptions options;
  // Not with the first one: it carries the initial metadata and completes only when that is sent, for which a hint to
  // buffer waits.
  const bool more_follows = batches_.size() > 1 && batches_[1]->answered && !batches_[1]->last;
  if (more_follows && wrote_) options.set_buffer_hint();
  wrote_ = true;
  StartWrite(&front.answer, options);
}

void PublishStream::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    bytes_ -= batches_.front()->weight;
    Reuse(std::move(batches_.front()));
    batches_.pop_front();
    if (!ok && !end_) end_ = grpc::Status::CANCELLED;
  }
  Progress();
}

void PublishStream::Reuse(std::unique_ptr<Batch> batch) {
  if (spare_.size() >= kMaxSpare || batch->decoder.messages().capacity() > kMaxSpareMessages) return;
  batch->bytes = grpc::Slice();
  batch->answer.Clear();
  batch->answered = false;
  spare_.push_back(std::move(batch));
}

void PublishStream::FinishIfDone() {
  if (finished_ || writing_ || submitting_) return;
  if (end_) {
    // Answers that come before the end are owed, as far as there is one.
    if (!batches_.empty() && !batches_.front()->last && end_->error_code() != grpc::StatusCode::CANCELLED) return;
  } else if (!reads_ended_ || !batches_.empty()) {
    return;
  }
  finished_ = true;
  Finish(end_.value_or(grpc::Status::OK));
}

void PublishStream::End(grpc::Status status) {
  order_->Break();
  if (!end_) end_ = std::move(status);
  FinishIfDone();
}

void PublishStream::OnCancel() {
  absl::MutexLock lock(&mutex_);
  End(grpc::Status::CANCELLED);
}

void PublishStream::EndForShutdown() {
  absl::MutexLock lock(&mutex_);
  if (!end_) end_ = ShuttingDown();
  FinishIfDone();
}

void PublishStream::OnDone() {
  calls_.Remove(this);
  const std::shared_ptr<PublishStream> last = std::move(self_);
}

}  // namespace mts::rpc
