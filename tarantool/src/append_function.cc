#include <algorithm>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "model/msgpack_writer.h"
#include "tarantool/src/append.h"
#include "tarantool/src/functions.h"
#include "tarantool/src/remembered_calls.h"

namespace mts::tarantool {
namespace {

// Empty when it could be read, else what is wrong.
std::string ReadMessage(std::string_view encoded, AppendMessage& message) {
  ValueReader fields(encoded);
  message.row.subject = fields.Text();
  message.row.headers = fields.OptionalMap();
  message.message_id = fields.OptionalText();
  if (const auto expected = fields.OptionalNumber()) message.expected_last_sequence = Sequence(*expected);
  const uint64_t kind = fields.Number();
  if (kind > 2) return Concat("there is no kind ", kind, " of payloads");
  message.row.kind = static_cast<PayloadKind>(kind);
  if (message.row.kind == PayloadKind::kInline) {
    message.row.payload = fields.OptionalText();
    return fields.wrong();
  }
  message.row.object_name = fields.Text();
  if (message.row.kind == PayloadKind::kNamed) return fields.wrong();
  message.row.offset = fields.Number();
  message.row.size = fields.Number();
  message.row.crc32c = static_cast<uint32_t>(fields.Number());
  return fields.wrong();
}

std::string ReadBatch(std::string_view encoded, AppendBatch& batch) {
  ValueReader fields(encoded);
  batch.stream = fields.Number();
  ValueReader messages(fields.Array());
  batch.messages.reserve(std::min<uint64_t>(messages.left(), limits::kMaxBatchMessages));
  while (fields.ok() && messages.left() > 0) {
    const std::string_view message = messages.Array();
    if (!messages.ok()) return messages.wrong();
    const std::string wrong = ReadMessage(message, batch.messages.emplace_back());
    if (!wrong.empty()) return Concat("message ", batch.messages.size() - 1, ": ", wrong);
  }
  return fields.wrong();
}

absl::Status ReadBatches(std::string_view encoded, std::vector<AppendBatch>& batches) {
  uint64_t messages = 0;
  ValueReader reader(encoded);
  while (reader.left() > 0) {
    const std::string_view batch = reader.Array();
    const std::string wrong = reader.ok() ? ReadBatch(batch, batches.emplace_back()) : reader.wrong();
    if (!wrong.empty()) return absl::InvalidArgumentError(Concat("batch ", batches.size() - 1, ": ", wrong));
    messages += batches.back().messages.size();
    if (messages > limits::kMaxBatchMessages) {
      return absl::InvalidArgumentError(Concat("a call takes at most ", limits::kMaxBatchMessages, " messages"));
    }
  }
  return absl::OkStatus();
}

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
