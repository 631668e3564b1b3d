#include <algorithm>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "base/crc32c.h"
#include "cli/bench/transfer_load.h"
#include "cli/bench/wire.h"

namespace mts::cli {
namespace {

class DownloadLoad : public TransferLoad {
 public:
  DownloadLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections, uint64_t sequence);
  ~DownloadLoad() override = default;

  void Start() override;
  void Cancel() override;
  bool Finished() override;
  absl::Status Failure() override;

 private:
  class Lane;

  const BenchSettings& settings_;
  const uint64_t sequence_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

// One download after the other.
class DownloadLoad::Lane {
 public:
  Lane(DownloadLoad& load, Worker& worker, RawConnections& connections)
      : load_(load), worker_(worker), address_(connections.address()), stub_(connections.Next()) {}

  void Next() {
    if (!load_.TakeTurn(load_.settings_.count)) {
      finished_ = true;
      return;
    }
    received_ = 0;
    crc_ = 0;
    payload_crc_.reset();
    begun_ = NowNanos();
    {
      absl::MutexLock lock(&mutex_);
      context_.emplace();
    }
    stream_ = stub_.PrepareCall(&*context_, "/minitoolstream.EgressService/Download", worker_.queue());
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
  using LaneEvent = MethodEvent<Lane>;

  void OnStarted(bool ok) {
    if (!ok) return Finish();
    pb::DownloadRequest request;
    request.set_subject(load_.settings_.subject);
    request.set_sequence(load_.sequence_);
    stream_->WriteLast(ToByteBuffer(request.SerializeAsString()), grpc::WriteOptions(), &written_event_);
  }
  void OnWritten(bool ok) {
    if (!ok) return Finish();
    stream_->Read(&chunk_, &read_event_);
  }
  void OnRead(bool ok) {
    if (!ok) return Finish();
    Take();
    chunk_.Clear();
    stream_->Read(&chunk_, &read_event_);
  }
  void Take() {
    std::function<void(std::string_view)> visit;
    if (load_.settings_.verify) visit = [this](std::string_view bytes) { crc_ = ExtendCrc32c(crc_, bytes); };
    const ScannedChunk scanned = ScanDownloadChunk(chunk_, visit);
    received_ += scanned.bytes;
    if (scanned.payload_crc.has_value()) payload_crc_ = scanned.payload_crc;
  }
  void Finish() { stream_->Finish(&status_, &finished_event_); }

  absl::Status Outcome() const {
    absl::Status status = StatusOf(status_, address_);
    if (status.ok() && !payload_crc_.has_value()) return absl::DataLossError("a download came without a checksum");
    if (status.ok() && load_.settings_.verify && *payload_crc_ != crc_) {
      return absl::DataLossError("a download does not agree with its checksum");
    }
    return status;
  }
  void OnFinished(bool) {
    const absl::Status status = Outcome();
    if (status.ok()) {
      worker_.recorder().Record(begun_, NowNanos(), 1, received_);
      return Next();
    }
    worker_.recorder().RecordError(status);
    {
      absl::MutexLock lock(&mutex_);
      failure_ = status;
    }
    finished_ = true;
  }

  DownloadLoad& load_;
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
  grpc::ByteBuffer chunk_;
  grpc::Status status_;
  uint64_t received_ = 0;
  uint32_t crc_ = 0;
  std::optional<uint32_t> payload_crc_;
  int64_t begun_ = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> finished_{false};
};

DownloadLoad::DownloadLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections,
                           uint64_t sequence)
    : settings_(settings), sequence_(sequence) {
  for (uint64_t i = 0; i < settings.in_flight; ++i) {
    lanes_.push_back(std::make_unique<Lane>(*this, worker, connections));
  }
}

void DownloadLoad::Start() {
  for (const auto& lane : lanes_) lane->Next();
}

void DownloadLoad::Cancel() {
  for (const auto& lane : lanes_) lane->Cancel();
}

bool DownloadLoad::Finished() {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->finished(); });
}

absl::Status DownloadLoad::Failure() {
  for (const auto& lane : lanes_) {
    if (absl::Status failure = lane->failure(); !failure.ok()) return failure;
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<TransferLoad> MakeDownloadLoad(const BenchSettings& settings, Worker& worker,
                                               RawConnections& connections, uint64_t sequence) {
  return std::make_unique<DownloadLoad>(settings, worker, connections, sequence);
}

}  // namespace mts::cli
