#include "cli/bench/notice_load.h"

#include "absl/synchronization/mutex.h"
#include "cli/bench/wire.h"
#include "minitoolstream/egress.pb.h"

namespace mts::cli {

class NoticeLoad::Subscriber {
 public:
  Subscriber(NoticeLoad& load, Worker& worker, RawConnections& connections, uint64_t subject)
      : load_(load), worker_(worker), address_(connections.address()), subject_(subject) {
    stream_ = connections.Next().PrepareCall(&context_, "/minitoolstream.EgressService/Subscribe", worker.queue());
  }
  void Start() { stream_->StartCall(&started_event_); }
  void Cancel() { context_.TryCancel(); }
  bool finished() const { return finished_; }
  absl::Status failure() {
    absl::MutexLock lock(&mutex_);
    return failure_;
  }

 private:
  using SubscriberEvent = MethodEvent<Subscriber>;

  void OnStarted(bool ok) {
    if (!ok) return Finish();
    pb::SubscribeRequest request;
    request.set_subject(SubjectName(load_.settings_, subject_));
    request.set_durable_name("bench");  // has no position, so that everything is news
    stream_->WriteLast(ToByteBuffer(request.SerializeAsString()), grpc::WriteOptions(), &written_event_);
  }
  void OnWritten(bool ok) {
    if (!ok) return Finish();
    stream_->Read(&notice_, &read_event_);
  }
  void OnRead(bool ok) {
    if (!ok) return Finish();
    const int64_t intended = load_.pending_[subject_].exchange(0);
    if (intended > 0) worker_.recorder().Record(intended, NowNanos(), 1, notice_.Length());
    notice_.Clear();
    stream_->Read(&notice_, &read_event_);
  }
  void Finish() { stream_->Finish(&status_, &finished_event_); }
  void OnFinished(bool) {
    if (!load_.stopped_) {
      absl::MutexLock lock(&mutex_);
      failure_ = status_.ok() ? absl::UnavailableError("the server ended a subscription") : StatusOf(status_, address_);
    }
    finished_ = true;
  }

  NoticeLoad& load_;
  Worker& worker_;
  const std::string address_;
  const uint64_t subject_;
  grpc::ClientContext context_;
  std::unique_ptr<RawStream> stream_;
  SubscriberEvent started_event_{this, &Subscriber::OnStarted};
  SubscriberEvent written_event_{this, &Subscriber::OnWritten};
  SubscriberEvent read_event_{this, &Subscriber::OnRead};
  SubscriberEvent finished_event_{this, &Subscriber::OnFinished};
  grpc::ByteBuffer notice_;
  grpc::Status status_;
  absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> finished_{false};
};

// One publish; it deletes itself when it was answered.
class NoticeLoad::Publication : public Event {
 public:
  Publication(NoticeLoad& load, int64_t intended) : load_(load), intended_(intended) {}
  void Begin(const grpc::ByteBuffer& request, grpc::CompletionQueue* queue) {
    call_ = load_.ingress_.Next().PrepareUnaryCall(&context_, "/minitoolstream.IngressService/Publish", request, queue);
    call_->StartCall();
    call_->Finish(&answer_, &status_, this);
  }
  void OnEvent(bool) override {
    load_.OnPublished(*this);
    delete this;
  }

  int64_t intended() const { return intended_; }
  const grpc::Status& status() const { return status_; }
  const grpc::ByteBuffer& answer() const { return answer_; }

 private:
  NoticeLoad& load_;
  const int64_t intended_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> call_;
  grpc::ByteBuffer answer_;
  grpc::Status status_;
};

NoticeLoad::NoticeLoad(const BenchSettings& settings, Worker& worker, RawConnections& ingress, RawConnections& egress)
    : settings_(settings),
      worker_(worker),
      ingress_(ingress),
      source_(settings, MessageSource::Form::kPublishRequest, 1),
      pending_(settings.subjects) {
  for (uint64_t i = 0; i < settings.subscribers; ++i) {
    subscribers_.push_back(std::make_unique<Subscriber>(*this, worker, egress, i % settings.subjects));
  }
}

NoticeLoad::~NoticeLoad() = default;

void NoticeLoad::Start() {
  for (const auto& subscriber : subscribers_) subscriber->Start();
}

void NoticeLoad::Issue(int64_t intended) {
  const uint64_t index = next_++;
  int64_t none = 0;
  if (!pending_[index % settings_.subjects].compare_exchange_strong(none, intended)) ++late_;
  if (in_flight_ >= settings_.in_flight) {
    ++late_;
    return;
  }
  ++in_flight_;
  (new Publication(*this, intended))->Begin(source_.Get(index), worker_.queue());
}

void NoticeLoad::OnPublished(Publication& publication) {
  absl::Status status = StatusOf(publication.status(), ingress_.address());
  if (status.ok()) status = ScanPublishAnswer(publication.answer());
  if (status.ok()) {
    worker_.side_recorder().Record(publication.intended(), NowNanos(), 1, settings_.size);
  } else if (!stopped_) {
    worker_.recorder().RecordError(status);
  }
  --in_flight_;
}

// The subscriptions end when they are cancelled: nothing else would end them.
void NoticeLoad::Cancel() {
  for (const auto& subscriber : subscribers_) subscriber->Cancel();
}

bool NoticeLoad::Finished() {
  if (in_flight_ > 0) return false;
  for (const auto& subscriber : subscribers_) {
    if (!subscriber->finished()) return false;
  }
  return true;
}

absl::Status NoticeLoad::Failure() {
  for (const auto& subscriber : subscribers_) {
    if (absl::Status failure = subscriber->failure(); !failure.ok()) return failure;
  }
  return absl::OkStatus();
}

}  // namespace mts::cli
