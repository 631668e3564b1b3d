#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"
#include "cli/bench/message_source.h"
#include "cli/bench/transfer_load.h"
#include "cli/bench/wire.h"

namespace mts::cli {
namespace {

// What all lanes send.
struct Chunk {
  std::string bytes = PseudoRandomBytes(limits::kMaxChunkBytes);
  grpc::ByteBuffer encoded = ToByteBuffer(EncodeUploadChunk(bytes));
};

class UploadLane : public TransferLane {
 public:
  UploadLane(TransferLoad& load, const BenchSettings& settings, Worker& worker, RawConnections& connections,
             std::shared_ptr<const Chunk> chunk)
      : TransferLane(load, worker, connections, "/minitoolstream.IngressService/Upload"),
        settings_(settings),
        chunk_(std::move(chunk)) {}

 private:
  using LaneEvent = MethodEvent<UploadLane>;

  void Reset() override {
    sent_ = 0;
    crc_ = 0;
    end_sent_ = false;
    answered_ = absl::OkStatus();
  }

  void OnOpen() override {
    pb::UploadRequest request;
    request.mutable_info()->mutable_message()->set_subject(settings_.subject);
    request.mutable_info()->set_size(settings_.size);
    writing_ = true;
    reading_ = true;
    stream().Write(ToByteBuffer(request.SerializeAsString()), &written_event_);
    // An answer may come before all was sent: a refusal.
    stream().Read(&answer_, &read_event_);
  }

  void OnWritten(bool ok) {
    writing_ = ok && reading_ && !end_sent_;
    if (!writing_) return FinishIfDone();
    const uint64_t left = settings_.size - sent_;
    if (left >= chunk_->bytes.size()) {
      SendChunk(chunk_->bytes, chunk_->encoded);
    } else if (left > 0) {
      const std::string rest = chunk_->bytes.substr(0, left);
      SendChunk(rest, ToByteBuffer(EncodeUploadChunk(rest)));
    } else {
      SendEnd();
    }
  }

  void SendChunk(std::string_view bytes, const grpc::ByteBuffer& encoded) {
    sent_ += bytes.size();
    crc_ = ExtendCrc32c(crc_, bytes);
    stream().Write(encoded, &written_event_);
  }
  void SendEnd() {
    end_sent_ = true;
    pb::UploadRequest request;
    request.mutable_end()->set_size(sent_);
    request.mutable_end()->set_crc32c(crc_);
    stream().WriteLast(ToByteBuffer(request.SerializeAsString()), grpc::WriteOptions(), &written_event_);
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

  absl::Status Outcome() const override { return answered_; }
  uint64_t bytes() const override { return settings_.size; }

  const BenchSettings& settings_;
  const std::shared_ptr<const Chunk> chunk_;
  LaneEvent written_event_{this, &UploadLane::OnWritten};
  LaneEvent read_event_{this, &UploadLane::OnRead};
  grpc::ByteBuffer answer_;
  absl::Status answered_;
  bool writing_ = false;
  bool reading_ = false;
  bool end_sent_ = false;
  uint64_t sent_ = 0;
  uint32_t crc_ = 0;
};

}  // namespace

std::unique_ptr<TransferLoad> MakeUploadLoad(const BenchSettings& settings, Worker& worker,
                                             RawConnections& connections) {
  auto load = std::make_unique<TransferLoad>(settings.count);
  const auto chunk = std::make_shared<const Chunk>();
  for (uint64_t i = 0; i < settings.in_flight; ++i) {
    load->AddLane(std::make_unique<UploadLane>(*load, settings, worker, connections, chunk));
  }
  return load;
}

}  // namespace mts::cli
