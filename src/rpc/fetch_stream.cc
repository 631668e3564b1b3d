#include "rpc/fetch_stream.h"

#include <algorithm>
#include <utility>

#include "model/subject.h"
#include "rpc/byte_buffers.h"
#include "rpc/error_mapping.h"
#include "rpc/message_encoder.h"

namespace mts::rpc {

void FetchStream::Start(const grpc::ByteBuffer* request) {
  if (!Admit()) return;
  minitoolstream::FetchRequest fetch;
  if (grpc::Status status = ParseRequest(request, fetch); !status.ok()) return End(std::move(status));
  absl::Status status = Pattern::Parse(fetch.subject()).status();
  if (status.ok()) status = ValidateDurableName(fetch.durable_name());
  if (!status.ok()) return End(ToGrpcStatus(status));
  const broker::Limits& limits = broker_.options().limits;
  options_.subject = fetch.subject();
  options_.durable_name = fetch.durable_name();
  options_.max_bytes = kBlockBytes;
  options_.max_inline_bytes = limits.max_message_bytes;
  if (fetch.max_inline_bytes() != 0) {
    options_.max_inline_bytes = std::min(limits.max_message_bytes, fetch.max_inline_bytes());
  }
  options_.load_payloads = false;
  remaining_ = fetch.batch_size() <= 0 ? kDefaultBatchSize : static_cast<uint64_t>(fetch.batch_size());
  remaining_ = std::min(remaining_, limits.max_batch_messages);
  ReadBlock();
}

void FetchStream::ReadBlock() {
  options_.max_messages = static_cast<uint32_t>(remaining_);
  broker_.fetcher().Fetch(
      options_, [self = Self()](absl::StatusOr<broker::Deliveries> block) { self->OnBlock(std::move(block)); });
}

void FetchStream::OnBlock(absl::StatusOr<broker::Deliveries> block) {
  if (!block.ok()) return End(ToGrpcStatus(block.status()));
  if (block->messages.empty()) return End(grpc::Status::OK);
  block_ = *std::move(block);
  next_ = 0;
  // From here on the stream goes by sequence, wherever the consumer's position moves meanwhile.
  options_.durable_name.clear();
  options_.start.after_sequence = block_.messages.back().message.sequence;
  remaining_ -= std::min<uint64_t>(remaining_, block_.messages.size());
  Next();
}

void FetchStream::Next() {
  if (next_ == block_.messages.size()) {
    const bool more = remaining_ > 0 && block_.scanned_through <= *options_.start.after_sequence;
    block_ = {};
    if (!more) return End(grpc::Status::OK);
    return ReadBlock();
  }
  broker::Delivery& delivery = block_.messages[next_++];
  if (!delivery.to_load) return Send(delivery);
  broker_.fetcher().Load(delivery, options_.max_inline_bytes,
                         [self = Self(), &delivery](absl::StatusOr<broker::MemoryReservation> reservation) {
                           if (!reservation.ok()) return self->End(ToGrpcStatus(reservation.status()));
                           self->Send(delivery);
                         });
}

void FetchStream::Send(broker::Delivery& delivery) {
  grpc::ByteBuffer encoded = EncodeMessage(delivery, DataSizeHeader::kAdded);
  delivery.fetched = {};
  Write(std::move(encoded), next_ < block_.messages.size() && !block_.messages[next_].to_load);
}

void FetchStream::OnWritten() { Next(); }

}  // namespace mts::rpc
