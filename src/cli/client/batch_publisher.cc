#include "cli/client/batch_publisher.h"

#include <utility>

#include "base/status.h"

namespace mts::cli {

struct BatchPublisher::Stream {
  Stream() : call(absl::InfiniteDuration()) {}

  void ReadAnswers() {
    pb::PublishBatchResponse answer;
    while (stream->Read(&answer)) {
      absl::MutexLock lock(&mutex);
      answers.push_back(std::move(answer));
      answer = {};
    }
    absl::MutexLock lock(&mutex);
    ended = true;
  }
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return ended || !answers.empty(); }

  Call call;
  std::unique_ptr<grpc::ClientReaderWriter<pb::PublishBatchRequest, pb::PublishBatchResponse>> stream;
  std::thread reader;
  absl::Mutex mutex;
  std::deque<pb::PublishBatchResponse> answers ABSL_GUARDED_BY(mutex);
  bool ended ABSL_GUARDED_BY(mutex) = false;
};

BatchPublisher::BatchPublisher(const Connection& connection, Options options, AnswerCallback on_answer)
    : connection_(connection), options_(options), on_answer_(std::move(on_answer)), retry_(connection.StartRetry()) {}

BatchPublisher::~BatchPublisher() {
  if (stream_ == nullptr) return;
  stream_->call.context()->TryCancel();
  CloseStream();
}

absl::Status BatchPublisher::Send(pb::PublishBatchRequest batch) {
  const uint64_t bytes = batch.ByteSizeLong();
  MTS_RETURN_IF_ERROR(CollectUntil(options_.max_in_flight - 1, bytes));
  pending_bytes_ += bytes;
  pending_.push_back({std::move(batch), bytes});
  return TransmitAll();
}

absl::Status BatchPublisher::Flush() {
  MTS_RETURN_IF_ERROR(CollectUntil(0, 0));
  if (stream_ == nullptr) return absl::OkStatus();
  stream_->stream->WritesDone();
  // Everything was answered: how the stream ends does not matter any more.
  CloseStream();
  stream_ = nullptr;
  return absl::OkStatus();
}

absl::Status BatchPublisher::TransmitAll() {
  while (sent_ < pending_.size()) {
    if (stream_ == nullptr) Open();
    if (stream_->stream->Write(pending_[sent_].batch)) {
      ++sent_;
    } else {
      MTS_RETURN_IF_ERROR(Recover());
    }
  }
  return absl::OkStatus();
}

absl::Status BatchPublisher::CollectUntil(size_t batches, uint64_t bytes) {
  while (!pending_.empty() && (pending_.size() > batches || pending_bytes_ + bytes > options_.max_bytes_in_flight)) {
    MTS_RETURN_IF_ERROR(TransmitAll());
    {
      absl::MutexLock lock(&stream_->mutex);
      const absl::Condition news(stream_.get(), &Stream::HasNews);
      // A server that is there but does not answer is treated as one that is away.
      if (!stream_->mutex.AwaitWithTimeout(news, connection_.options().timeout)) {
        stream_->call.context()->TryCancel();
        stream_->mutex.Await(news);
      }
    }
    bool ended = false;
    MTS_RETURN_IF_ERROR(TakeAnswers(&ended));
    if (ended && !pending_.empty()) MTS_RETURN_IF_ERROR(Recover());
  }
  return absl::OkStatus();
}

absl::Status BatchPublisher::TakeAnswers(bool* ended) {
  std::deque<pb::PublishBatchResponse> answers;
  {
    absl::MutexLock lock(&stream_->mutex);
    answers.swap(stream_->answers);
    *ended = stream_->ended;
  }
  for (const pb::PublishBatchResponse& answer : answers) {
    if (sent_ == 0) return absl::InternalError("the server answered a batch that was not sent");
    retry_.Succeeded();
    const Pending done = std::move(pending_.front());
    pending_.pop_front();
    pending_bytes_ -= done.bytes;
    --sent_;
    MTS_RETURN_IF_ERROR(on_answer_(done.batch, answer));
  }
  return absl::OkStatus();
}

absl::Status BatchPublisher::Recover() {
  grpc::Status status = CloseStream();
  // Answers that came before the end are still good.
  bool ended = false;
  MTS_RETURN_IF_ERROR(TakeAnswers(&ended));
  stream_ = nullptr;
  sent_ = 0;
  if (status.ok()) status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream was closed");
  return retry_.After(connection_.IngressStatus(status));
}

void BatchPublisher::Open() {
  stream_ = std::make_unique<Stream>();
  stream_->stream = connection_.ingress().PublishStream(stream_->call.context());
  stream_->reader = std::thread([stream = stream_.get()] { stream->ReadAnswers(); });
}

grpc::Status BatchPublisher::CloseStream() {
  stream_->reader.join();
  return stream_->stream->Finish();
}

}  // namespace mts::cli
