#include "tarantool/src/append_arguments.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "tarantool/src/values.h"

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

}  // namespace

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

}  // namespace mts::tarantool
