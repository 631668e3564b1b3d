#include "cli/message_reader.h"

#include <utility>

#include "base/status.h"

namespace mts::cli {
namespace {

constexpr uint64_t kMaxAnswerBytes = uint64_t{8} << 20;

}  // namespace

MessageReader::MessageReader(const Connection& connection, ReadOptions options)
    : connection_(connection), options_(std::move(options)) {}

// "Newest" in every call would lose what is published between two calls: the first one fixes where that is.
absl::Status MessageReader::FixNewest() {
  if (!options_.start.newest()) return absl::OkStatus();
  pb::GetServerInfoResponse info;
  MTS_RETURN_IF_ERROR(WithRetry(connection_, [&] {
    Call call(connection_.options().timeout);
    return connection_.EgressStatus(connection_.admin().GetServerInfo(call.context(), {}, &info));
  }));
  options_.start.set_after_sequence(info.last_sequence());
  return absl::OkStatus();
}

absl::StatusOr<pb::MessageBatch> MessageReader::Next(uint32_t max_messages, absl::Duration wait) {
  MTS_RETURN_IF_ERROR(FixNewest());
  pb::FetchBatchRequest request;
  request.set_subject(options_.subject);
  request.set_durable_name(options_.durable_name);
  request.set_batch_size(max_messages);
  request.set_max_bytes(kMaxAnswerBytes);
  request.set_max_inline_bytes(options_.max_inline_bytes);
  *request.mutable_start() = options_.start;
  const timespec parts = absl::ToTimespec(wait);
  request.mutable_wait()->set_seconds(parts.tv_sec);
  request.mutable_wait()->set_nanos(static_cast<int32_t>(parts.tv_nsec));
  pb::MessageBatch batch;
  MTS_RETURN_IF_ERROR(WithRetry(connection_, [&] {
    batch.Clear();
    Call call(connection_.options().timeout + wait);
    return connection_.EgressStatus(connection_.egress().FetchBatch(call.context(), request, &batch));
  }));
  if (options_.durable_name.empty() && batch.messages_size() > 0) {
    options_.start.set_after_sequence(batch.messages(batch.messages_size() - 1).sequence());
  }
  return batch;
}

absl::Status MessageReader::Acknowledge(uint64_t sequence) {
  if (options_.durable_name.empty()) return absl::OkStatus();
  return AcknowledgeUpTo(connection_, options_.durable_name, options_.subject, sequence);
}

absl::Status AcknowledgeUpTo(const Connection& connection, const std::string& durable_name, const std::string& subject,
                             uint64_t sequence) {
  pb::AckRequest request;
  request.set_durable_name(durable_name);
  request.set_subject(subject);
  request.set_sequence(sequence);
  pb::AckResponse response;
  MTS_RETURN_IF_ERROR(WithRetry(connection, [&] {
    Call call(connection.options().timeout);
    return connection.EgressStatus(connection.egress().AckMessage(call.context(), request, &response));
  }));
  if (response.success()) return absl::OkStatus();
  return absl::FailedPreconditionError("not acknowledged: " + response.error_message());
}

}  // namespace mts::cli
