#include "readers.h"

#include "absl/strings/str_cat.h"
#include "minitoolstream/egress.grpc.pb.h"

namespace mts::crash {
namespace {

namespace pb = ::minitoolstream;

void TakeError(const Round& round, Ledger& ledger, const char* call, const grpc::Status& status) {
  if (round.killed) return;
  ledger.Violation(absl::StrCat(call, " failed while the server was running: ", status.error_message()));
}

}  // namespace

const std::vector<Consumer>& Consumers() {
  static const auto& consumers = *new std::vector<Consumer>{{"one", "crash.a"}, {"below", "crash.b.*"}, {"all", "*"}};
  return consumers;
}

void RunConsumer(const Consumer& consumer, Round& round, Ledger& ledger) {
  auto stub = pb::EgressService::NewStub(round.channel);
  pb::FetchBatchRequest fetch;
  fetch.set_subject(consumer.subject);
  fetch.set_durable_name(consumer.durable_name);
  fetch.set_batch_size(50);
  fetch.set_max_inline_bytes(1);
  fetch.mutable_wait()->set_nanos(20'000'000);
  while (true) {
    grpc::ClientContext fetch_context;
    fetch_context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    pb::MessageBatch batch;
    grpc::Status status = stub->FetchBatch(&fetch_context, fetch, &batch);
    if (!status.ok()) return TakeError(round, ledger, "FetchBatch", status);
    if (batch.messages().empty()) {
      if (round.killed) return;
      continue;
    }
    // What a reader saw is durable.
    for (const pb::Message& message : batch.messages()) {
      ledger.Stored(message.headers().at("key"), message.subject(), message.sequence());
    }
    pb::AckRequest ack;
    ack.set_durable_name(consumer.durable_name);
    ack.set_subject(consumer.subject);
    ack.set_sequence(batch.messages().rbegin()->sequence());
    ledger.AckSent(consumer.Name(), ack.sequence());
    grpc::ClientContext ack_context;
    ack_context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    pb::AckResponse response;
    status = stub->AckMessage(&ack_context, ack, &response);
    if (!status.ok()) return TakeError(round, ledger, "AckMessage", status);
    if (!response.success()) {
      ledger.Violation(absl::StrCat("acknowledgement of ", consumer.Name(), " refused: ", response.error_message()));
      return;
    }
    ledger.AckAnswered(consumer.Name(), ack.sequence());
  }
}

}  // namespace mts::crash
