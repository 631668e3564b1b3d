#include "cli/bench/stream_load.h"

#include <deque>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cli/bench/wire.h"

namespace mts::cli {

class StreamLoad::Stream {
 public:
  Stream(StreamLoad& load, Worker& worker, RawConnections& connections)
      : load_(load), worker_(worker), address_(connections.address()) {
    call_ = connections.Next().PrepareCall(&context_, "/minitoolstream.IngressService/PublishStream", worker.queue());
  }

  void Start() { call_->StartCall(&started_event_); }

  void Issue(int64_t intended) {
    absl::MutexLock lock(&mutex_);
    waiting_.push_back(intended);
    WriteMore();
  }
  void Wake() {
    absl::MutexLock lock(&mutex_);
    WriteMore();
  }
  void Cancel() { context_.TryCancel(); }
  bool finished() {
    absl::MutexLock lock(&mutex_);
    return finished_;
  }
  absl::Status failure() {
    absl::MutexLock lock(&mutex_);
    return failure_;
  }

 private:
  using StreamEvent = MethodEvent<Stream>;

  void OnStarted(bool ok) {
    absl::MutexLock lock(&mutex_);
    started_ = true;
    if (!ok) return Finish();
    ReadMore();
    WriteMore();
  }

  void OnWritten(bool ok) {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
    WriteMore();
    FinishIfDone();
  }

  void OnRead(bool ok) {
    absl::MutexLock lock(&mutex_);
    reading_ = false;
    if (!ok || in_flight_.empty()) {
      broken_ = true;
      return FinishIfDone();
    }
    Count(in_flight_.front());
    in_flight_.pop_front();
    ReadMore();
    WriteMore();
    FinishIfDone();
  }

  void OnFinished(bool) {
    absl::MutexLock lock(&mutex_);
    finished_ = true;
    const bool wanted = in_flight_.empty() && status_.ok();
    if (wanted || load_.stopped_) return;
    failure_ = status_.ok() ? absl::UnavailableError("the server ended the stream") : StatusOf(status_, address_);
    worker_.recorder().RecordError(failure_);
  }

  void Count(int64_t intended) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Status status = ScanPublishAnswer(answer_);
    answer_.Clear();
    const uint64_t messages = load_.source_.messages_a_request();
    if (status.ok()) {
      worker_.recorder().Record(intended, NowNanos(), messages, messages * load_.settings_.size);
    } else {
      worker_.recorder().RecordError(status);
    }
  }

  void ReadMore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (reading_ || broken_) return;
    reading_ = true;
    call_->Read(&answer_, &read_event_);
  }

  void WriteMore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!started_ || writing_ || broken_ || writes_ended_) return;
    if (load_.stopped_) return EndWrites();
    if (in_flight_.size() >= load_.settings_.in_flight) return;
    int64_t intended = 0;
    if (load_.settings_.open_loop()) {
      if (waiting_.empty()) return;
      intended = waiting_.front();
      waiting_.pop_front();
    } else if (!load_.TakeTurn()) {
      return EndWrites();
    } else {
      intended = NowNanos();
    }
    in_flight_.push_back(intended);
    writing_ = true;
    call_->Write(load_.source_.Next(), &written_event_);
  }

  void EndWrites() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writes_ended_ = true;
    writing_ = true;
    call_->WritesDone(&written_event_);
  }

  void FinishIfDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (broken_ && !writing_ && !reading_) Finish();
  }
  void Finish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finishing_) return;
    finishing_ = true;
    call_->Finish(&status_, &finished_event_);
  }

  StreamLoad& load_;
  Worker& worker_;
  const std::string address_;
  grpc::ClientContext context_;
  std::unique_ptr<RawStream> call_;
  StreamEvent started_event_{this, &Stream::OnStarted};
  StreamEvent written_event_{this, &Stream::OnWritten};
  StreamEvent read_event_{this, &Stream::OnRead};
  StreamEvent finished_event_{this, &Stream::OnFinished};

  absl::Mutex mutex_;
  grpc::ByteBuffer answer_;
  grpc::Status status_;
  std::deque<int64_t> in_flight_ ABSL_GUARDED_BY(mutex_);
  std::deque<int64_t> waiting_ ABSL_GUARDED_BY(mutex_);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writes_ended_ ABSL_GUARDED_BY(mutex_) = false;
  // The other side ended, by failure or after WritesDone.
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

StreamLoad::StreamLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections,
                       MessageSource& source, uint64_t streams, uint64_t max_batches)
    : settings_(settings), source_(source), max_batches_(max_batches) {
  for (uint64_t i = 0; i < streams; ++i) streams_.push_back(std::make_unique<Stream>(*this, worker, connections));
}

StreamLoad::~StreamLoad() = default;

bool StreamLoad::TakeTurn() {
  return max_batches_ == 0 || begun_.fetch_add(1, std::memory_order_relaxed) < max_batches_;
}

void StreamLoad::Start() {
  for (const auto& stream : streams_) stream->Start();
}

void StreamLoad::Issue(int64_t intended) { streams_[next_stream_++ % streams_.size()]->Issue(intended); }

void StreamLoad::Stop() {
  stopped_ = true;
  for (const auto& stream : streams_) stream->Wake();
}

void StreamLoad::Cancel() {
  for (const auto& stream : streams_) stream->Cancel();
}

bool StreamLoad::Finished() {
  for (const auto& stream : streams_) {
    if (!stream->finished()) return false;
  }
  return true;
}

absl::Status StreamLoad::Failure() {
  for (const auto& stream : streams_) {
    if (absl::Status failure = stream->failure(); !failure.ok()) return failure;
  }
  return absl::OkStatus();
}

}  // namespace mts::cli
