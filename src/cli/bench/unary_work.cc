#include <random>

#include "base/status.h"
#include "cli/bench/message_source.h"
#include "cli/bench/unary_load.h"
#include "cli/bench/wire.h"
#include "minitoolstream/egress.pb.h"

namespace mts::cli {
namespace {

class PublishWork : public UnaryWork {
 public:
  explicit PublishWork(const BenchSettings& settings)
      : settings_(settings),
        method_(settings.work == Work::kPublishBatch ? "/minitoolstream.IngressService/PublishBatch"
                                                     : "/minitoolstream.IngressService/Publish"),
        source_(settings,
                settings.work == Work::kPublishBatch ? MessageSource::Form::kBatchRequest
                                                     : MessageSource::Form::kPublishRequest,
                settings.batch) {}

  const std::string& method() const override { return method_; }
  grpc::ByteBuffer Request(uint64_t) override { return source_.Next(); }
  absl::StatusOr<Counted> Answered(uint64_t, const grpc::ByteBuffer& answer) override {
    MTS_RETURN_IF_ERROR(ScanPublishAnswer(answer));
    return Counted{settings_.batch, settings_.batch * settings_.size};
  }

 private:
  const BenchSettings& settings_;
  const std::string method_;
  MessageSource source_;
};

class FetchBatchWork : public UnaryWork {
 public:
  FetchBatchWork(const BenchSettings& settings, uint64_t last_sequence)
      : settings_(settings), positions_(settings.in_flight) {
    for (uint64_t slot = 0; slot < positions_.size(); ++slot) {
      positions_[slot] = last_sequence / positions_.size() * slot;
    }
  }

  const std::string& method() const override { return method_; }

  grpc::ByteBuffer Request(uint64_t slot) override {
    pb::FetchBatchRequest request;
    request.set_subject(settings_.subjects > 1 ? settings_.subject + ".*" : settings_.subject);
    request.set_batch_size(static_cast<uint32_t>(settings_.batch));
    request.set_max_bytes(settings_.max_bytes);
    request.mutable_start()->set_after_sequence(positions_[slot]);
    return ToByteBuffer(request.SerializeAsString());
  }

  absl::StatusOr<Counted> Answered(uint64_t slot, const grpc::ByteBuffer& answer) override {
    const ScannedBatch scanned = settings_.parse ? Parsed(answer) : ScanMessageBatch(answer);
    // At the end it goes on from the start.
    positions_[slot] = scanned.messages == 0 ? 0 : scanned.last_sequence;
    return Counted{scanned.messages, scanned.bytes};
  }

 private:
  static ScannedBatch Parsed(const grpc::ByteBuffer& answer) {
    pb::MessageBatch batch;
    grpc::ByteBuffer copy = answer;
    if (!grpc::SerializationTraits<pb::MessageBatch>::Deserialize(&copy, &batch).ok()) return {};
    ScannedBatch scanned;
    scanned.messages = static_cast<uint64_t>(batch.messages_size());
    scanned.bytes = answer.Length();
    if (scanned.messages > 0) scanned.last_sequence = batch.messages(batch.messages_size() - 1).sequence();
    return scanned;
  }

  const BenchSettings& settings_;
  const std::string method_ = "/minitoolstream.EgressService/FetchBatch";
  std::vector<uint64_t> positions_;
};

// The first message of one subject after the other, in an order without a pattern.
class FirstMessageWork : public UnaryWork {
 public:
  explicit FirstMessageWork(const BenchSettings& settings) : settings_(settings) {
    for (uint64_t slot = 0; slot < settings.in_flight; ++slot) any_.emplace_back(slot + 1);
  }

  const std::string& method() const override { return method_; }

  grpc::ByteBuffer Request(uint64_t slot) override {
    pb::FetchBatchRequest request;
    request.set_subject(SubjectName(settings_, any_[slot]() % settings_.subjects));
    request.set_batch_size(1);
    return ToByteBuffer(request.SerializeAsString());
  }

  absl::StatusOr<Counted> Answered(uint64_t slot, const grpc::ByteBuffer& answer) override {
    const ScannedBatch scanned = ScanMessageBatch(answer);
    if (scanned.messages == 0) return absl::NotFoundError("a subject without a message; --fill publishes some");
    return Counted{scanned.messages, scanned.bytes};
  }

 private:
  const BenchSettings& settings_;
  const std::string method_ = "/minitoolstream.EgressService/FetchBatch";
  std::vector<std::minstd_rand> any_;  // by slot
};

}  // namespace

std::unique_ptr<UnaryWork> MakePublishWork(const BenchSettings& settings) {
  return std::make_unique<PublishWork>(settings);
}

std::unique_ptr<UnaryWork> MakeFetchBatchWork(const BenchSettings& settings, uint64_t last_sequence) {
  return std::make_unique<FetchBatchWork>(settings, last_sequence);
}

std::unique_ptr<UnaryWork> MakeFirstMessageWork(const BenchSettings& settings) {
  return std::make_unique<FirstMessageWork>(settings);
}

}  // namespace mts::cli
