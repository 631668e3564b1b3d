#include "tarantool/src/deduplication.h"

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"

namespace mts::tarantool {
namespace {

// More than one for each that is added, so that what is over goes when the rate falls.
constexpr int kRemovedForEachAdded = 2;

Timestamp TimeOf(box_tuple_t* id) { return Timestamp(static_cast<int64_t>(NumberField(id, field::kIdTime))); }

}  // namespace

void Deduplication::Start(const Spaces& spaces, Timestamp now) {
  spaces_ = &spaces;
  started_ = now;
  box_tuple_t* const newest = Last(spaces.message_ids_by_age);
  newest_before_ = newest == nullptr ? now : std::min(now, TimeOf(newest));
}

bool Deduplication::IsOver(box_tuple_t* id, Timestamp now) const {
  const int64_t stored = TimeOf(id).value();
  const int64_t age = stored > newest_before_.value()
                          ? now.value() - stored
                          : (now.value() - started_.value()) + (newest_before_.value() - stored);
  return age > limits::kDeduplicationWindowMicros;
}

std::optional<Sequence> Deduplication::Find(std::string_view subject, std::string_view message_id,
                                            Timestamp now) const {
  box_tuple_t* const id = tarantool::Find(spaces_->message_ids, MakeTuple(subject, message_id));
  if (id == nullptr || IsOver(id, now)) return std::nullopt;
  return Sequence(NumberField(id, field::kIdSequence));
}

absl::Status Deduplication::Add(Transaction& transaction, std::string_view subject, std::string_view message_id,
                                Sequence sequence, Timestamp now) const {
  MTS_RETURN_IF_ERROR(transaction.Replace(
      spaces_->message_id, MakeTuple(subject, message_id, sequence, static_cast<uint64_t>(now.value()))));
  for (int i = 0; i < kRemovedForEachAdded; ++i) {
    box_tuple_t* const oldest = First(spaces_->message_ids_by_age);
    const bool too_many = CountOf(spaces_->message_ids) > limits::kMaxDeduplicationIds;
    if (oldest == nullptr || (!too_many && !IsOver(oldest, now))) break;
    const std::string key = MakeTuple(NumberField(oldest, field::kIdSequence));
    MTS_RETURN_IF_ERROR(transaction.Delete(spaces_->message_ids_by_age, key));
  }
  return absl::OkStatus();
}

}  // namespace mts::tarantool
