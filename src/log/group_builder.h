// One commit group while it is put together: the records in order, the sequences given, and what becomes visible with
// it.
//
// Threading: the commit thread. Nothing is copied but the headers and small state records: message records stay in
// their batches, which must live until the group is written. Limits: the committer closes a group before it outgrows
// its segment.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "log/catalogue.h"
#include "log/format.h"
#include "log/record_batch.h"
#include "log/state.h"

namespace mts::log {

class GroupBuilder {
 public:
  GroupBuilder(State& state, uint64_t segment_identity, uint64_t offset, Timestamp time, int64_t monotonic_micros)
      : state_(state), identity_(segment_identity), offset_(offset), time_(time), monotonic_micros_(monotonic_micros) {}

  State& state() { return state_; }
  Timestamp time() const { return time_; }
  int64_t monotonic_micros() const { return monotonic_micros_; }
  GroupNumber number() const { return state_.next_group; }
  // Bytes of the group so far, header included.
  uint64_t bytes() const { return kGroupHeaderBytes + record_bytes_; }
  bool empty() const { return record_count_ == 0; }

  // Gives the next sequence to a message of `batch` and takes its record.
  Sequence AddMessage(RecordBatch& batch, const RecordBatch::Slot& slot, SubjectId subject);
  // A state record.
  void AddRecord(RecordType type, std::string_view body);

  // Header and records, ready to be written at the group's offset. Valid as long as the builder and the batches.
  const std::vector<iovec>& Finish(LogPosition synced_through);
  const std::vector<VisibleMessage>& visible() const { return visible_; }

 private:
  void AppendPart(char* bytes, size_t size);

  State& state_;
  const uint64_t identity_;
  const uint64_t offset_;
  const Timestamp time_;
  const int64_t monotonic_micros_;
  uint64_t record_bytes_ = 0;
  uint32_t record_count_ = 0;
  char header_[kGroupHeaderBytes];
  std::vector<iovec> parts_{{header_, kGroupHeaderBytes}};
  std::deque<std::string> state_records_;
  std::vector<VisibleMessage> visible_;
};

// A record's bytes with a body of `body_bytes`.
uint64_t StateRecordBytes(uint64_t body_bytes);

}  // namespace mts::log
