#include "tarantool/src/instance.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "tarantool/src/subject_scan.h"

namespace mts::tarantool {

Instance& Instance::Here() {
  static Instance& instance = *new Instance();
  return instance;
}

void Instance::Start(std::string uuid, std::string durability) {
  uuid_ = std::move(uuid);
  durability_ = std::move(durability);
}

absl::Status Instance::SetWritable(bool writable) {
  if (writable == writable_) return absl::OkStatus();
  if (writable) {
    MTS_ASSIGN_OR_RETURN(spaces_, Spaces::LookUp());
    // Rows that are being written are ours: then nobody else wrote, and the rows say more than is durable.
    if (!visibility_.writing()) ReadTotals();
  }
  writable_ = writable;
  if (!writable) visibility_.Interrupt();
  return absl::OkStatus();
}

absl::Status Instance::CheckWritable() const { return writable_ ? absl::OkStatus() : ReadOnlyError(); }

void Instance::ReadTotals() {
  int64_t given = 0;
  if (box_sequence_current(spaces_.sequence_id, &given) != 0) given = 0;  // none was given yet
  uint64_t last_message = 0, last_time = 0;
  bytes_ = 0;
  Scan scan(spaces_.subjects, ITER_ALL, MakeTuple());
  while (box_tuple_t* const subject = scan.Next()) {
    bytes_ += NumberField(subject, field::kSubjectBytes);
    last_message = std::max(last_message, NumberField(subject, field::kSubjectLast));
    last_time = std::max(last_time, NumberField(subject, field::kSubjectLastTime));
  }
  last_time_ = std::max(last_time_, Timestamp(static_cast<int64_t>(last_time)));
  visibility_.Reset(Sequence(std::max(static_cast<uint64_t>(given), last_message)), Sequence(last_message));
  deduplication_.Start(spaces_, Now());
}

Timestamp Instance::TimeForMessage() {
  last_time_ = std::max(last_time_, Now());
  return last_time_;
}

Sequence Instance::LastOfSubject(std::string_view subject) {
  box_tuple_t* const row = Find(spaces_.subjects, MakeTuple(subject));
  return visibility_.LastOf(subject, Sequence(row == nullptr ? 0 : NumberField(row, field::kSubjectLast)));
}

Sequence Instance::LastOf(const Pattern& pattern) {
  if (pattern.exact()) return LastOfSubject(pattern.base());
  if (pattern.kind() == Pattern::Kind::kAll) return visibility_.last_message();
  Sequence last;
  SubjectScan scan(*this, pattern, {});
  while (box_tuple_t* const row = scan.Next()) {
    const std::string_view name = TextField(row, field::kSubjectName);
    last = std::max(last, visibility_.LastOf(name, Sequence(NumberField(row, field::kSubjectLast))));
  }
  return last;
}

}  // namespace mts::tarantool
