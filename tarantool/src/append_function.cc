#include <optional>
#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "model/msgpack_writer.h"
#include "tarantool/src/append.h"
#include "tarantool/src/functions.h"
#include "tarantool/src/remembered_calls.h"

namespace mts::tarantool {
namespace {

void AppendTo(std::string& to, const AppendResult& result) {
  if (!result.status.ok()) {
    msgpack::AppendArray(to, 3);
    msgpack::AppendUnsigned(to, static_cast<uint64_t>(result.status.code()));
    msgpack::AppendText(to, ToStd(result.status.message()));
    result.refused_position ? msgpack::AppendUnsigned(to, *result.refused_position) : msgpack::AppendNil(to);
    return;
  }
  msgpack::AppendArray(to, 4);
  msgpack::AppendUnsigned(to, 0);
  msgpack::AppendUnsigned(to, result.first.value());
  msgpack::AppendUnsigned(to, result.last.value());
  msgpack::AppendArray(to, result.duplicates.size() * 2);
  for (const auto& [position, sequence] : result.duplicates) {
    msgpack::AppendUnsigned(to, position);
    msgpack::AppendUnsigned(to, sequence.value());
  }
}

std::string Encoded(const std::vector<AppendResult>& results) {
  std::string encoded;
  msgpack::AppendArray(encoded, results.size());
  for (const AppendResult& result : results) AppendTo(encoded, result);
  return encoded;
}

}  // namespace

absl::Status AppendFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::string_view encoded = arguments.Array();
  const std::string_view caller = arguments.OptionalText();
  const CallName call{caller, arguments.OptionalNumber().value_or(0)};
  if (!arguments.ok()) return absl::OkStatus();
  std::vector<AppendBatch> batches;
  MTS_RETURN_IF_ERROR(ReadBatches(encoded, batches));
  answer.count = 1;
  const auto remember = [&](Transaction& transaction, const std::vector<AppendResult>& results) {
    return RememberCall(instance, transaction, call, Encoded(results));
  };
  std::optional<RememberResults> remembering;
  if (!caller.empty()) {
    MTS_ASSIGN_OR_RETURN(answer.values, FindCall(instance, call));
    if (!answer.values.empty()) return absl::OkStatus();
    remembering.emplace(remember);
  }
  const std::vector<AppendResult> results = Append(instance, batches, remembering);
  for (const AppendResult& result : results) {
    if (IsReadOnlyError(result.status)) return result.status;
  }
  answer.values = Encoded(results);
  return absl::OkStatus();
}

}  // namespace mts::tarantool
