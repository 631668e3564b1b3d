#include "log/group_builder.h"

#include "base/bytes.h"

namespace mts::log {

void GroupBuilder::AppendPart(char* bytes, size_t size) {
  iovec& last = parts_.back();
  const bool adjacent = parts_.size() > 1 && static_cast<char*>(last.iov_base) + last.iov_len == bytes;
  if (adjacent) {
    last.iov_len += size;
  } else {
    parts_.push_back({bytes, size});
  }
  record_bytes_ += size;
  ++record_count_;
}

Sequence GroupBuilder::AddMessage(RecordBatch& batch, const RecordBatch::Slot& slot, SubjectId subject) {
  const Sequence sequence = state_.last_sequence.Next();
  state_.last_sequence = sequence;
  state_.catalogue.Accept(subject, sequence);
  batch.Complete(slot, sequence, time_, identity_);
  VisibleMessage message;
  message.subject = subject;
  message.record_offset8 = static_cast<uint32_t>((offset_ + bytes()) / kAlignment);
  message.sequence = sequence;
  message.payload_bytes = slot.payload_bytes;
  message.has_stored_reference = slot.has_stored_reference;
  visible_.push_back(message);
  AppendPart(const_cast<char*>(batch.bytes().data()) + slot.offset, slot.total_bytes);
  return sequence;
}

void GroupBuilder::AddRecord(RecordType type, std::string_view body) {
  std::string& record = state_records_.emplace_back();
  AppendRecord(record, type, 0, body, state_.last_sequence, time_, identity_);
  AppendPart(record.data(), record.size());
}

const std::vector<iovec>& GroupBuilder::Finish(LogPosition synced_through) {
  GroupHeader header;
  header.identity = identity_;
  header.offset = offset_;
  header.number = state_.next_group;
  header.length = static_cast<uint32_t>(record_bytes_);
  header.record_count = record_count_;
  header.synced_through = synced_through;
  header.time = time_;
  header.last_sequence = state_.last_sequence;
  EncodeGroupHeader(header, header_);
  state_.next_group = state_.next_group.Next();
  return parts_;
}

uint64_t StateRecordBytes(uint64_t body_bytes) { return kRecordHeaderBytes + AlignUp(body_bytes, kAlignment); }

}  // namespace mts::log
