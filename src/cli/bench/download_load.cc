#include <functional>
#include <optional>

#include "base/crc32c.h"
#include "cli/bench/transfer_load.h"
#include "cli/bench/wire.h"

namespace mts::cli {
namespace {

class DownloadLane : public TransferLane {
 public:
  DownloadLane(TransferLoad& load, const BenchSettings& settings, Worker& worker, RawConnections& connections,
               uint64_t sequence)
      : TransferLane(load, worker, connections, "/minitoolstream.EgressService/Download"),
        settings_(settings),
        sequence_(sequence) {}

 private:
  using LaneEvent = MethodEvent<DownloadLane>;

  void Reset() override {
    received_ = 0;
    crc_ = 0;
    payload_crc_.reset();
  }
  void OnOpen() override {
    pb::DownloadRequest request;
    request.set_subject(settings_.subject);
    request.set_sequence(sequence_);
    stream().WriteLast(ToByteBuffer(request.SerializeAsString()), grpc::WriteOptions(), &written_event_);
  }
  void OnWritten(bool ok) {
    if (!ok) return Finish();
    stream().Read(&chunk_, &read_event_);
  }
  void OnRead(bool ok) {
    if (!ok) return Finish();
    Take();
    chunk_.Clear();
    stream().Read(&chunk_, &read_event_);
  }
  void Take() {
    std::function<void(std::string_view)> visit;
    if (settings_.verify) visit = [this](std::string_view bytes) { crc_ = ExtendCrc32c(crc_, bytes); };
    const ScannedChunk scanned = ScanDownloadChunk(chunk_, visit);
    received_ += scanned.bytes;
    if (scanned.payload_crc.has_value()) payload_crc_ = scanned.payload_crc;
  }
  absl::Status Outcome() const override {
    if (!payload_crc_.has_value()) return absl::DataLossError("a download came without a checksum");
    if (!settings_.verify || *payload_crc_ == crc_) return absl::OkStatus();
    return absl::DataLossError("a download does not agree with its checksum");
  }
  uint64_t bytes() const override { return received_; }

  const BenchSettings& settings_;
  const uint64_t sequence_;
  LaneEvent written_event_{this, &DownloadLane::OnWritten};
  LaneEvent read_event_{this, &DownloadLane::OnRead};
  grpc::ByteBuffer chunk_;
  uint64_t received_ = 0;
  uint32_t crc_ = 0;
  std::optional<uint32_t> payload_crc_;
};

}  // namespace

std::unique_ptr<TransferLoad> MakeDownloadLoad(const BenchSettings& settings, Worker& worker,
                                               RawConnections& connections, uint64_t sequence) {
  auto load = std::make_unique<TransferLoad>(settings.count);
  for (uint64_t i = 0; i < settings.in_flight; ++i) {
    load->AddLane(std::make_unique<DownloadLane>(*load, settings, worker, connections, sequence));
  }
  return load;
}

}  // namespace mts::cli
