#include "verify.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "minitoolstream/admin.grpc.pb.h"
#include "minitoolstream/egress.grpc.pb.h"
#include "payload.h"
#include "readers.h"

namespace mts::crash {
namespace {

namespace pb = ::minitoolstream;

class Verification {
 public:
  Verification(const std::shared_ptr<grpc::Channel>& channel, Ledger& ledger, uint64_t after)
      : egress_(pb::EgressService::NewStub(channel)),
        admin_(pb::AdminService::NewStub(channel)),
        ledger_(ledger),

        last_(after),
        expected_(ledger.StoredAfter(after)) {}

  uint64_t Run() {
    while (ReadSome()) {
    }
    for (const auto& [sequence, key] : expected_) {
      ledger_.Violation(absl::StrCat("lost: ", key, ", answered or seen with sequence ", sequence));
    }
    for (const auto& [name, batch] : batches_) {
      if (batch.seen != batch.count) {
        ledger_.Violation(absl::StrCat("batch ", name, ": ", batch.seen, " of ", batch.count, " messages"));
      }
    }
    CheckLastSequences();
    CheckPositions();
    return last_;
  }

 private:
  struct Batch {
    uint64_t first = 0;
    uint64_t seen = 0;
    uint64_t count = 0;
  };

  bool ReadSome() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    pb::FetchBatchRequest request;
    request.set_subject("*");
    request.set_batch_size(2000);
    request.set_max_bytes(16 << 20);
    request.mutable_start()->set_after_sequence(last_);
    pb::MessageBatch batch;
    const grpc::Status status = egress_->FetchBatch(&context, request, &batch);
    if (!status.ok()) ledger_.Violation(absl::StrCat("FetchBatch: ", status.error_message()));
    for (const pb::Message& message : batch.messages()) Check(message);
    return status.ok() && !batch.messages().empty();
  }

  void Check(const pb::Message& message) {
    if (message.sequence() <= last_) {
      ledger_.Violation(absl::StrCat("sequence ", message.sequence(), " read after ", last_));
    }
    last_ = std::max(last_, message.sequence());
    const auto key = message.headers().find("key");
    if (key == message.headers().end()) {
      return ledger_.Violation(absl::StrCat("message ", message.sequence(), " has lost its headers"));
    }
    ledger_.Stored(key->second, message.subject(), message.sequence());
    expected_.erase(message.sequence());
    CheckPayload(message, key->second);
    CheckBatch(message);
  }

  void CheckPayload(const pb::Message& message, const std::string& key) {
    const std::string expected = PayloadOf(key);
    const bool deferred = message.payload_status() == pb::PAYLOAD_STATUS_DEFERRED;
    if (!deferred && message.payload_status() != pb::PAYLOAD_STATUS_INLINE) {
      return ledger_.Violation(
          absl::StrCat("payload of ", key, " is ", pb::PayloadStatus_Name(message.payload_status())));
    }
    const std::string payload = deferred ? Download(message) : message.data();
    if (payload != expected || message.size() != expected.size()) {
      ledger_.Violation(absl::StrCat("payload of ", key, " is not its own: ", payload.size(), " bytes"));
    }
  }

  std::string Download(const pb::Message& message) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    pb::DownloadRequest request;
    request.set_sequence(message.sequence());
    request.set_subject(message.subject());
    auto stream = egress_->Download(&context, request);
    std::string payload;
    pb::DownloadChunk chunk;
    while (stream->Read(&chunk)) payload += chunk.data();
    const grpc::Status status = stream->Finish();
    if (!status.ok()) ledger_.Violation(absl::StrCat("Download of ", message.sequence(), ": ", status.error_message()));
    return payload;
  }

  // The messages of a batch have consecutive sequences in the order of the request.
  void CheckBatch(const pb::Message& message) {
    const auto name = message.headers().find("batch");
    if (name == message.headers().end()) return;
    unsigned long long place = 0;
    unsigned long long count = 0;
    if (std::sscanf(message.headers().at("place").c_str(), "%llu/%llu", &place, &count) != 2) return;
    Batch& batch = batches_[name->second];
    if (batch.seen == 0) batch = {message.sequence() - place, 0, count};
    if (message.sequence() != batch.first + place) {
      ledger_.Violation(absl::StrCat("batch ", name->second, " is not consecutive at ", message.sequence()));
    }
    ++batch.seen;
  }

  void CheckLastSequences() {
    for (const std::string& subject : Subjects()) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
      pb::GetLastSequenceRequest request;
      request.set_subject(subject);
      pb::GetLastSequenceResponse response;
      const grpc::Status status = egress_->GetLastSequence(&context, request, &response);
      if (!status.ok() || response.last_sequence() != ledger_.LastOf(subject)) {
        ledger_.Violation(absl::StrCat("last sequence of ", subject, " is ", response.last_sequence(), ", not ",
                                       ledger_.LastOf(subject), " ", status.error_message()));
      }
    }
  }

  // Position: at least every answered acknowledgement, at most the greatest one sent, which was visible.
  void CheckPositions() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    pb::ListConsumersResponse response;
    const grpc::Status status = admin_->ListConsumers(&context, {}, &response);
    if (!status.ok()) return ledger_.Violation(absl::StrCat("ListConsumers: ", status.error_message()));
    absl::flat_hash_map<std::string, uint64_t> positions;
    for (const pb::ConsumerInfo& info : response.consumers()) {
      positions[Consumer{info.durable_name(), info.subject()}.Name()] = info.position();
    }
    for (const Consumer& consumer : Consumers()) {
      const Ledger::Acks acks = ledger_.AcksOf(consumer.Name());
      const uint64_t position = positions[consumer.Name()];
      if (position < acks.answered || position > acks.sent || position > last_) {
        ledger_.Violation(absl::StrCat("position of ", consumer.Name(), " is ", position, "; answered ", acks.answered,
                                       ", sent ", acks.sent, ", last visible ", last_));
      }
    }
  }

  std::unique_ptr<pb::EgressService::Stub> egress_;
  std::unique_ptr<pb::AdminService::Stub> admin_;
  Ledger& ledger_;
  uint64_t last_;
  absl::flat_hash_map<uint64_t, std::string> expected_;
  absl::flat_hash_map<std::string, Batch> batches_;
};

}  // namespace

uint64_t Verify(const std::shared_ptr<grpc::Channel>& channel, Ledger& ledger, uint64_t after) {
  return Verification(channel, ledger, after).Run();
}

}  // namespace mts::crash
