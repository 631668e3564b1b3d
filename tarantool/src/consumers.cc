#include "tarantool/src/consumers.h"

#include <string>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::tarantool {
namespace {

using Value = PendingValues::Value;

std::string KeyOf(const ConsumerId& id) {
  return MakeTuple(std::string_view(id.durable_name), std::string_view(id.subject));
}

// What the row holds, durable or not.
Value InRow(Instance& instance, const std::string& key) {
  box_tuple_t* const row = Find(instance.spaces().consumer, key);
  if (row == nullptr) return std::nullopt;
  return NumberField(row, field::kPosition);
}

// Ends when the value that was in the row at the call is durable, or was undone.
absl::StatusOr<Sequence> AwaitDurable(Instance& instance, const std::string& key, Sequence position) {
  while (instance.consumers().IsWritten(key) && !fiber_is_cancelled()) {
    const Value durable = instance.consumers().Visible(key, std::nullopt);
    if (durable.value_or(0) >= position.value()) return position;
    instance.consumers().Wait();
  }
  if (InRow(instance, key).value_or(0) >= position.value()) return position;
  return absl::UnavailableError("the position could not be written");
}

absl::StatusOr<Sequence> Write(Instance& instance, const ConsumerId& id, const std::string& key, Value in_row,
                               Sequence to) {
  const Spaces& spaces = instance.spaces();
  if (!in_row.has_value() && CountOf(spaces.consumer) >= limits::kMaxConsumers) {
    return absl::ResourceExhaustedError("there are too many consumers");
  }
  Transaction transaction;
  const auto now = static_cast<uint64_t>(Instance::Now().value());
  MTS_RETURN_IF_ERROR(transaction.Replace(
      spaces.consumers, MakeTuple(std::string_view(id.durable_name), std::string_view(id.subject), to, now)));
  instance.consumers().Begin(key, in_row);
  absl::Status status = transaction.Commit(instance.spaces().quorum);
  if (!status.ok()) {
    instance.consumers().EndUndone(key);
    return status;
  }
  instance.consumers().EndDurable(key, to.value());
  return to;
}

absl::Status CheckTarget(Instance& instance, const ConsumerId& id, Sequence to) {
  MTS_RETURN_IF_ERROR(ValidateDurableName(id.durable_name));
  MTS_ASSIGN_OR_RETURN(const Pattern pattern, Pattern::Parse(id.subject));
  const Sequence last = instance.LastOf(pattern);
  if (to <= last) return absl::OkStatus();
  return absl::OutOfRangeError(
      Concat("sequence ", to.value(), " lies past the last message of ", id.subject, ", ", last.value()));
}

}  // namespace

std::optional<Sequence> PositionOf(Instance& instance, const ConsumerId& id) {
  const std::string key = KeyOf(id);
  const Value visible = instance.consumers().Visible(key, InRow(instance, key));
  if (!visible.has_value()) return std::nullopt;
  return Sequence(*visible);
}

absl::StatusOr<Sequence> AdvanceConsumer(Instance& instance, const ConsumerId& id, Sequence to) {
  MTS_RETURN_IF_ERROR(CheckTarget(instance, id, to));
  const std::string key = KeyOf(id);
  const Value in_row = InRow(instance, key);
  if (in_row.has_value() && to.value() <= *in_row) return AwaitDurable(instance, key, Sequence(*in_row));
  return Write(instance, id, key, in_row, to);
}

absl::StatusOr<Sequence> ResetConsumer(Instance& instance, const ConsumerId& id, Sequence to) {
  MTS_RETURN_IF_ERROR(CheckTarget(instance, id, to));
  const std::string key = KeyOf(id);
  return Write(instance, id, key, InRow(instance, key), to);
}

absl::StatusOr<bool> DeleteConsumer(Instance& instance, const ConsumerId& id) {
  const std::string key = KeyOf(id);
  const Value in_row = InRow(instance, key);
  if (!in_row.has_value()) return false;
  Transaction transaction;
  MTS_RETURN_IF_ERROR(transaction.Delete(instance.spaces().consumer, key));
  instance.consumers().Begin(key, in_row);
  absl::Status status = transaction.Commit(instance.spaces().quorum);
  if (!status.ok()) {
    instance.consumers().EndUndone(key);
    return status;
  }
  instance.consumers().EndDurable(key, std::nullopt);
  return true;
}

}  // namespace mts::tarantool
