#include "rpc/publish_encoder.h"

#include <string>

#include "minitoolstream/ingress.pb.h"
#include "rpc/byte_buffers.h"
#include "rpc/error_mapping.h"

namespace mts::rpc {
namespace {

std::string Text(const absl::Status& status) { return {status.message().data(), status.message().size()}; }

}  // namespace

grpc::ByteBuffer EncodePublished(const absl::StatusOr<broker::Published>& published) {
  minitoolstream::PublishResponse response;
  if (published.ok()) {
    response.set_sequence(published->sequence.value());
    response.set_object_name(published->object_name);
    response.set_duplicate(published->duplicate);
  } else {
    response.set_status_code(StatusCodeField(published.status()));
    response.set_error_message(Text(published.status()));
  }
  return Serialize(response);
}

grpc::ByteBuffer EncodeBatchOutcome(const store::AppendOutcome& outcome) {
  minitoolstream::PublishBatchResponse response;
  if (outcome.status.ok()) {
    response.set_first_sequence(outcome.result.first.value());
    response.set_last_sequence(outcome.result.last.value());
    for (const auto& duplicate : outcome.result.duplicates) {
      response.add_duplicates(duplicate.position);
      response.add_duplicate_sequences(duplicate.sequence.value());
    }
  } else {
    response.set_status_code(StatusCodeField(outcome.status));
    response.set_error_message(Text(outcome.status));
    if (outcome.refused_position) response.set_refused_position(*outcome.refused_position);
  }
  return Serialize(response);
}

}  // namespace mts::rpc
