#include <algorithm>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "base/crc32c.h"
#include "base/limits.h"
#include "cli/bench/message_source.h"
#include "cli/bench/transfer_load.h"
#include "cli/bench/wire.h"

namespace mts::cli {
namespace {

class UploadLoad : public TransferLoad {
 public:
  UploadLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections);
  ~UploadLoad() override = default;

  void Start() override;
  void Cancel() override;
  bool Finished() override;
  absl::Status Failure() override;

 private:
  class Lane;

  const BenchSettings& settings_;
  const std::string chunk_bytes_;
  const grpc::ByteBuffer chunk_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

// One upload after the other.
class UploadLoad::Lane {
 public:
  Lane(UploadLoad& load, Worker& worker, RawConnections& connections)
      : load_(load), worker_(worker), address_(connections.address()), stub_(connections.Next()) {}

  void Next() {
    if (!load_.TakeTurn(load_.settings_.count)) {
      finished_ = true;
      return;
    }
    sent_ = 0;
    crc_ = 0;
    answered_ = absl::OkStatus();
    state_ = State::kInfo;
    begun_ = NowNanos();
    {
      absl::MutexLock lock(&mutex_);
      context_.emplace();
    }
    stream_ = stub_.PrepareCall(&*context_, "/minitoolstream.IngressService/Upload", worker_.queue());
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
  enum class State { kInfo, kChunks, kEnd };
  using LaneEvent = MethodEvent<Lane>;

  void OnStarted(bool ok) {
    if (!ok) return Finish();
    pb::UploadRequest request;
    request.mutable_info()->mutable_message()->set_subject(load_.settings_.subject);
    request.mutable_info()->set_size(load_.settings_.size);
    writing_ = true;
    reading_ = true;
    stream_->Write(ToByteBuffer(request.SerializeAsString()), &written_event_);
    // An answer may come before all was sent: a refusal.
    stream_->Read(&answer_, &read_event_);
  }

  void OnWritten(bool ok) {
    writing_ = false;
    if (!ok || !reading_) return FinishIfDone();
    writing_ = true;
    const uint64_t left = load_.settings_.size - sent_;
    if (left >= load_.chunk_bytes_.size()) {
      SendChunk(load_.chunk_bytes_, load_.chunk_);
    } else if (left > 0) {
      const std::string rest = load_.chunk_bytes_.substr(0, left);
      SendChunk(rest, ToByteBuffer(EncodeUploadChunk(rest)));
    } else if (state_ != State::kEnd) {
      state_ = State::kEnd;
      pb::UploadRequest request;
      request.mutable_end()->set_size(sent_);
      request.mutable_end()->set_crc32c(crc_);
      stream_->WriteLast(ToByteBuffer(request.SerializeAsString()), grpc::WriteOptions(), &written_event_);
    } else {
      writing_ = false;
      FinishIfDone();
    }
  }

  void SendChunk(std::string_view bytes, const grpc::ByteBuffer& encoded) {
    sent_ += bytes.size();
    crc_ = ExtendCrc32c(crc_, bytes);
    state_ = State::kChunks;
    stream_->Write(encoded, &written_event_);
  }

  void OnRead(bool ok) {
    reading_ = false;
    if (ok) answered_ = ScanPublishAnswer(answer_);
    answer_.Clear();
    FinishIfDone();
  }

  void FinishIfDone() {
    if (!writing_ && !reading_) Finish();
  }
  void Finish() { stream_->Finish(&status_, &finished_event_); }

  void OnFinished(bool) {
    absl::Status status = StatusOf(status_, address_);
    if (status.ok()) status = answered_;
    if (status.ok()) {
      worker_.recorder().Record(begun_, NowNanos(), 1, load_.settings_.size);
      return Next();
    }
    worker_.recorder().RecordError(status);
    {
      absl::MutexLock lock(&mutex_);
      failure_ = status;
    }
    finished_ = true;
  }

  UploadLoad& load_;
  Worker& worker_;
  const std::string address_;
  RawStub& stub_;
  absl::Mutex mutex_;  // the context against Cancel
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<RawStream> stream_;
  LaneEvent started_event_{this, &Lane::OnStarted};
  LaneEvent written_event_{this, &Lane::OnWritten};
  LaneEvent read_event_{this, &Lane::OnRead};
  LaneEvent finished_event_{this, &Lane::OnFinished};
  grpc::ByteBuffer answer_;
  absl::Status answered_;
  grpc::Status status_;
  State state_ = State::kInfo;
  bool writing_ = false;
  bool reading_ = false;
  uint64_t sent_ = 0;
  uint32_t crc_ = 0;
  int64_t begun_ = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> finished_{false};
};

UploadLoad::UploadLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections)
    : settings_(settings),
      chunk_bytes_(PseudoRandomBytes(limits::kMaxChunkBytes)),
      chunk_(ToByteBuffer(EncodeUploadChunk(chunk_bytes_))) {
  for (uint64_t i = 0; i < settings.in_flight; ++i) {
    lanes_.push_back(std::make_unique<Lane>(*this, worker, connections));
  }
}

void UploadLoad::Start() {
  for (const auto& lane : lanes_) lane->Next();
}

void UploadLoad::Cancel() {
  for (const auto& lane : lanes_) lane->Cancel();
}

bool UploadLoad::Finished() {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->finished(); });
}

absl::Status UploadLoad::Failure() {
  for (const auto& lane : lanes_) {
    if (absl::Status failure = lane->failure(); !failure.ok()) return failure;
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<TransferLoad> MakeUploadLoad(const BenchSettings& settings, Worker& worker,
                                             RawConnections& connections) {
  return std::make_unique<UploadLoad>(settings, worker, connections);
}

}  // namespace mts::cli
