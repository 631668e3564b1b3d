#include "log/record_batch.h"

#include <cstring>

#include "base/bytes.h"
#include "base/text.h"

namespace mts::log {
namespace {

// Header, body and padding of a message's record; the header gets its crc when the commit completes it.
void EncodeRecord(const NewMessage& message, uint64_t body_bytes, char* to) {
  RecordHeader header;
  header.type = RecordType::kMessage;
  header.body_length = static_cast<uint32_t>(body_bytes);
  header.body_crc = EncodeMessageBody(message, to + kRecordHeaderBytes);
  const uint64_t padding = header.TotalBytes() - kRecordHeaderBytes - body_bytes;
  std::memset(to + kRecordHeaderBytes + body_bytes, 0, padding);
  EncodeUnfinishedRecordHeader(header, to);
}

}  // namespace

absl::StatusOr<RecordBatch> RecordBatch::Encode(absl::Span<const NewMessage> messages, uint64_t max_bytes) {
  RecordBatch batch;
  batch.slots_.reserve(messages.size());
  uint64_t size = 0;
  for (const NewMessage& message : messages) {
    RecordHeader header;
    header.body_length = static_cast<uint32_t>(MessageBodyBytes(message));
    const uint64_t total = header.TotalBytes();
    if (total > max_bytes || size + total > max_bytes) {
      return absl::InvalidArgumentError(
          Concat("the batch's records take more than the ", max_bytes, " bytes that a segment holds"));
    }
    Slot slot;
    slot.offset = static_cast<uint32_t>(size);
    slot.total_bytes = static_cast<uint32_t>(total);
    slot.subject_bytes = static_cast<uint32_t>(message.subject.size());
    slot.payload_bytes = message.reference == nullptr ? message.payload.size() : message.reference->size;
    slot.has_stored_reference = message.reference != nullptr && message.reference->kind == PayloadKind::kStored;
    batch.slots_.push_back(slot);
    size += total;
  }
  batch.size_ = size;
  batch.bytes_ = std::make_unique_for_overwrite<char[]>(size);
  for (uint32_t position = 0; position < messages.size(); ++position) {
    const NewMessage& message = messages[position];
    const Slot& slot = batch.slots_[position];
    EncodeRecord(message, MessageBodyBytes(message), batch.bytes_.get() + slot.offset);
    if (message.expected_last_sequence) batch.conditions_.push_back({position, *message.expected_last_sequence});
    if (!message.message_id.empty()) {
      batch.ids_.push_back({position, MakeDeduplicationKey(message.subject, message.message_id)});
    }
    if (slot.has_stored_reference) batch.stored_references_.push_back({position, *message.reference});
  }
  return batch;
}

std::string_view RecordBatch::subject(const Slot& slot) const {
  return {bytes_.get() + slot.offset + kRecordHeaderBytes + kMessageBodyFixedBytes, slot.subject_bytes};
}

void RecordBatch::Complete(const Slot& slot, Sequence sequence, Timestamp time, uint64_t identity) {
  FinishRecordHeader(sequence, time, identity, bytes_.get() + slot.offset);
}

}  // namespace mts::log
