#include "tarantool/src/retention.h"

#include <algorithm>
#include <map>

#include "base/status.h"
#include "tarantool/src/row.h"

namespace mts::tarantool {
namespace {

// Whether a limit is passed as long as this many messages and bytes remain.
class Limits {
 public:
  Limits(Instance& instance, const Retention& limits)
      : limits_(limits),
        oldest_allowed_(limits.max_age_micros <= 0 ? INT64_MIN : Instance::Now().value() - limits.max_age_micros),
        messages_(CountOf(instance.spaces().messages)),
        bytes_(instance.bytes()) {}

  bool Passed(Timestamp oldest) const {
    return oldest.value() < oldest_allowed_ || (limits_.max_bytes > 0 && bytes_ > limits_.max_bytes) ||
           (limits_.max_messages > 0 && messages_ > limits_.max_messages);
  }
  void Remove(uint64_t size) {
    --messages_;
    bytes_ -= std::min(bytes_, size);
  }

 private:
  const Retention& limits_;
  const int64_t oldest_allowed_;
  uint64_t messages_;
  uint64_t bytes_;
};

// A row that is not ours goes as if it were as old as can be.
Row UnreadableRow(box_tuple_t* tuple) {
  Row row;
  row.message.sequence = Sequence(NumberField(tuple, field::kSequence));
  row.message.subject = TextField(tuple, field::kMessageSubject);
  return row;
}

ExpireOutcome Choose(Instance& instance, const Retention& retention, uint64_t max_rows) {
  ExpireOutcome outcome;
  Limits limits(instance, retention);
  Scan scan(instance.spaces().messages, ITER_ALL, MakeTuple());
  while (box_tuple_t* const tuple = scan.Next()) {
    Row row;
    if (!ParseRow(BytesOf(tuple), row)) row = UnreadableRow(tuple);
    if (row.message.sequence > instance.visibility().visible() || !limits.Passed(row.message.time)) break;
    outcome.more = outcome.removed.size() >= max_rows;
    if (outcome.more) break;
    limits.Remove(row.message.size);
    outcome.removed.push_back({row.message.sequence, std::string(row.message.subject), row.message.size, row.kind,
                               std::string(row.object_name)});
  }
  return outcome;
}

absl::Status RemoveFromSubject(Instance& instance, Transaction& transaction, std::string_view name, uint64_t messages,
                               uint64_t bytes) {
  box_tuple_t* const row = Find(instance.spaces().subjects, MakeTuple(name));
  if (row == nullptr) return absl::OkStatus();
  const uint64_t messages_before = NumberField(row, field::kSubjectMessages);
  const uint64_t bytes_before = NumberField(row, field::kSubjectBytes);
  return transaction.Replace(
      instance.spaces().subject,
      MakeTuple(name, NumberField(row, field::kSubjectLast), NumberField(row, field::kSubjectLastTime),
                messages_before - std::min(messages_before, messages), bytes_before - std::min(bytes_before, bytes)));
}

absl::Status Remove(Instance& instance, Transaction& transaction, const std::vector<RemovedMessage>& messages) {
  struct Sum {
    uint64_t messages = 0, bytes = 0;
  };
  std::map<std::string_view, Sum> subjects;
  for (const RemovedMessage& message : messages) {
    MTS_RETURN_IF_ERROR(transaction.Delete(instance.spaces().messages, MakeTuple(message.sequence)));
    Sum& sum = subjects[message.subject];
    ++sum.messages;
    sum.bytes += message.size;
  }
  for (const auto& [name, sum] : subjects) {
    MTS_RETURN_IF_ERROR(RemoveFromSubject(instance, transaction, name, sum.messages, sum.bytes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExpireOutcome> ExpireStep(Instance& instance, const Retention& limits, uint64_t max_rows) {
  ExpireOutcome outcome = Choose(instance, limits, std::clamp<uint64_t>(max_rows, 1, kMaxExpiredRows));
  if (outcome.removed.empty()) return outcome;
  Transaction transaction;
  if (!transaction.open()) return StatusOfLastError();
  MTS_RETURN_IF_ERROR(Remove(instance, transaction, outcome.removed));
  MTS_RETURN_IF_ERROR(transaction.Commit(instance.spaces().quorum));
  for (const RemovedMessage& message : outcome.removed) instance.RemoveBytes(message.size);
  return outcome;
}

bool IsNamed(Instance& instance, std::string_view object_name) {
  Scan scan(instance.spaces().messages_of_object, ITER_EQ, MakeTuple(object_name));
  return scan.Next() != nullptr;
}

}  // namespace mts::tarantool
