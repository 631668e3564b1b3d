#include "cli/bench/fetch_load.h"

#include <optional>

#include "absl/synchronization/mutex.h"
#include "base/text.h"
#include "cli/bench/wire.h"
#include "cli/client/message_id.h"
#include "minitoolstream/egress.pb.h"

namespace mts::cli {

// One call after the other: Fetch to its end, AckMessage, Fetch, ...
class FetchLoad::Reader {
 public:
  Reader(FetchLoad& load, Worker& worker, RawConnections& connections)
      : load_(load),
        worker_(worker),
        address_(connections.address()),
        stub_(connections.Next()),
        name_(RandomRunId()) {}

  void Fetch() {
    messages_ = 0;
    bytes_ = 0;
    begun_ = NowNanos();
    NewContext();
    stream_ = stub_.PrepareCall(&*context_, "/minitoolstream.EgressService/Fetch", worker_.queue());
    stream_->StartCall(&started_event_);
  }
  void Cancel() {
    absl::MutexLock lock(&mutex_);
    if (context_) context_->TryCancel();
  }
  bool finished() const { return finished_; }
  absl::Status failure() {
    absl::MutexLock lock(&mutex_);
    return failure_;
  }

 private:
  using ReaderEvent = MethodEvent<Reader>;

  void NewContext() {
    // Both live in the memory of the context's call.
    stream_.reset();
    acknowledgement_.reset();
    absl::MutexLock lock(&mutex_);
    context_.emplace();
  }

  void OnStarted(bool ok) {
    if (!ok) return Finish();
    pb::FetchRequest request;
    request.set_subject(load_.settings_.subjects > 1 ? load_.settings_.subject + ".*" : load_.settings_.subject);
    request.set_durable_name(Concat(name_, "-", generation_));
    request.set_batch_size(static_cast<int32_t>(load_.settings_.batch));
    stream_->WriteLast(ToByteBuffer(request.SerializeAsString()), grpc::WriteOptions(), &written_event_);
  }
  void OnWritten(bool ok) {
    if (!ok) return Finish();
    stream_->Read(&answer_, &read_event_);
  }
  void OnRead(bool ok) {
    if (!ok) return Finish();
    ++messages_;
    bytes_ += answer_.Length();
    if (load_.settings_.parse) {
      Parse();
    } else {
      last_.Swap(&answer_);
    }
    answer_.Clear();
    stream_->Read(&answer_, &read_event_);
  }
  void Parse() {
    pb::Message message;
    if (!grpc::SerializationTraits<pb::Message>::Deserialize(&answer_, &message).ok()) return;
    last_sequence_ = message.sequence();
  }
  void Finish() { stream_->Finish(&status_, &finished_event_); }

  void OnFetched(bool) {
    if (!status_.ok()) return Fail(StatusOf(status_, address_));
    worker_.recorder().Record(begun_, NowNanos(), messages_, bytes_);
    if (messages_ == 0) ++generation_;
    if (messages_ > 0 && load_.settings_.acknowledge) return Acknowledge();
    Next();
  }

  void Acknowledge() {
    pb::AckRequest request;
    request.set_subject(load_.settings_.subjects > 1 ? load_.settings_.subject + ".*" : load_.settings_.subject);
    request.set_durable_name(Concat(name_, "-", generation_));
    request.set_sequence(load_.settings_.parse ? last_sequence_ : ScanSequence(last_));
    NewContext();
    acknowledgement_ = stub_.PrepareUnaryCall(&*context_, "/minitoolstream.EgressService/AckMessage",
                                              ToByteBuffer(request.SerializeAsString()), worker_.queue());
    acknowledgement_->StartCall();
    acknowledgement_->Finish(&answer_, &status_, &acknowledged_event_);
  }
  void OnAcknowledged(bool) {
    answer_.Clear();
    if (!status_.ok()) return Fail(StatusOf(status_, address_));
    Next();
  }

  void Fail(absl::Status status) {
    if (!load_.stopped_) {
      worker_.recorder().RecordError(status);
      absl::MutexLock lock(&mutex_);
      failure_ = std::move(status);
    }
    finished_ = true;
  }
  void Next() {
    if (load_.stopped_) {
      finished_ = true;
    } else {
      Fetch();
    }
  }

  FetchLoad& load_;
  Worker& worker_;
  const std::string address_;
  RawStub& stub_;
  const std::string name_;
  uint64_t generation_ = 0;
  absl::Mutex mutex_;  // the context against Cancel
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<RawStream> stream_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> acknowledgement_;
  ReaderEvent started_event_{this, &Reader::OnStarted};
  ReaderEvent written_event_{this, &Reader::OnWritten};
  ReaderEvent read_event_{this, &Reader::OnRead};
  ReaderEvent finished_event_{this, &Reader::OnFetched};
  ReaderEvent acknowledged_event_{this, &Reader::OnAcknowledged};
  grpc::ByteBuffer answer_;
  grpc::ByteBuffer last_;
  uint64_t last_sequence_ = 0;
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
  int64_t begun_ = 0;
  grpc::Status status_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> finished_{false};
};

FetchLoad::FetchLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections, uint64_t readers)
    : settings_(settings) {
  for (uint64_t i = 0; i < readers; ++i) readers_.push_back(std::make_unique<Reader>(*this, worker, connections));
}

FetchLoad::~FetchLoad() = default;

void FetchLoad::Start() {
  for (const auto& reader : readers_) reader->Fetch();
}

void FetchLoad::Cancel() {
  for (const auto& reader : readers_) reader->Cancel();
}

bool FetchLoad::Finished() {
  for (const auto& reader : readers_) {
    if (!reader->finished()) return false;
  }
  return true;
}

absl::Status FetchLoad::Failure() {
  for (const auto& reader : readers_) {
    if (absl::Status failure = reader->failure(); !failure.ok()) return failure;
  }
  return absl::OkStatus();
}

}  // namespace mts::cli
