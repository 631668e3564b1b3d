#include "tarantool/src/remembered_calls.h"

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "model/msgpack_writer.h"

namespace mts::tarantool {
namespace {

constexpr uint64_t kSlots = 64;
constexpr int kRemovedForEachAdded = 2;

std::string KeyOf(CallName call) { return MakeTuple(call.caller, call.number % kSlots); }

// The last field as it is.
std::string ResultsOf(box_tuple_t* row) {
  const std::string_view bytes = BytesOf(row);
  return std::string(bytes.substr(static_cast<size_t>(box_tuple_field(row, field::kCallResults) - bytes.data())));
}

}  // namespace

absl::StatusOr<std::string> FindCall(Instance& instance, CallName call) {
  while (true) {
    box_tuple_t* const row = Find(instance.spaces().append_calls, KeyOf(call));
    const uint64_t known = row == nullptr ? 0 : NumberField(row, field::kCallNumber);
    if (known > call.number) {
      return absl::FailedPreconditionError(
          Concat("call ", call.number, " is older than those that are remembered, ", known, " came after it"));
    }
    if (known < call.number) return std::string();
    std::string results = ResultsOf(row);
    Visibility& visibility = instance.visibility();
    const Sequence given = visibility.given();
    if (visibility.visible() >= given) return results;
    const uint64_t failures = visibility.failures();
    visibility.WaitFor(given);
    MTS_RETURN_IF_ERROR(instance.CheckWritable());
    if (visibility.failures() == failures) return results;
    // It may have been undone: look again.
  }
}

absl::Status RememberCall(Instance& instance, Transaction& transaction, CallName call, std::string_view results) {
  const auto now = static_cast<uint64_t>(Instance::Now().value());
  std::string row;
  msgpack::AppendArray(row, 5);
  msgpack::AppendText(row, call.caller);
  msgpack::AppendUnsigned(row, call.number % kSlots);
  msgpack::AppendUnsigned(row, call.number);
  msgpack::AppendUnsigned(row, now);
  row += results;
  MTS_RETURN_IF_ERROR(transaction.Replace(instance.spaces().append_call, row));
  for (int i = 0; i < kRemovedForEachAdded; ++i) {
    box_tuple_t* const oldest = First(instance.spaces().append_calls_by_time);
    if (oldest == nullptr || NumberField(oldest, field::kCallTime) + limits::kDeduplicationWindowMicros > now) break;
    const std::string key = MakeTuple(TextField(oldest, field::kCaller), NumberField(oldest, field::kCallSlot));
    MTS_RETURN_IF_ERROR(transaction.Delete(instance.spaces().append_calls, key));
  }
  return absl::OkStatus();
}

}  // namespace mts::tarantool
