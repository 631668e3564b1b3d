#include "store/tarantool/message_rows.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace mts::store {
namespace {

constexpr size_t kMinRowBytes = 12;

// Fields of a row that are for the quick start's readers only.
void SkipCreateAt(AnswerReader& row) { row.Unsigned(); }

class ReplyBlock : public MessageBlock {
 public:
  explicit ReplyBlock(iproto::Reply reply) : reply_(std::move(reply)) {}
  std::string_view data() const { return reply_.data(); }

 private:
  const iproto::Reply reply_;
};

bool DecodeRow(AnswerReader row, StoredMessage& message) {
  message.sequence = Sequence(row.Unsigned());
  message.headers = row.EncodedMap();
  const std::string_view object_name = row.Text();
  message.subject = row.Text();
  SkipCreateAt(row);
  const std::optional<std::string_view> payload = row.OptionalText();
  message.time = Timestamp(static_cast<int64_t>(row.Unsigned()));
  message.size = row.Unsigned();
  const uint64_t kind = row.Unsigned();
  if (!row.ok() || kind > static_cast<uint64_t>(PayloadKind::kNamed)) return false;
  if (kind == static_cast<uint64_t>(PayloadKind::kInline)) {
    message.payload = payload.value_or(std::string_view());
    message.payload_included = message.payload.size() == message.size;
    return message.payload_included || !payload.has_value();
  }
  PayloadReference reference;
  reference.kind = static_cast<PayloadKind>(kind);
  reference.key = object_name;
  if (reference.kind == PayloadKind::kStored) {
    reference.offset = row.Unsigned();
    reference.crc32c = static_cast<uint32_t>(row.Unsigned());
    reference.size = message.size;
  }
  message.reference = std::move(reference);
  message.payload_included = false;
  return row.ok();
}

}  // namespace

absl::StatusOr<MessageBlockPtr> DecodeRead(iproto::Reply reply, bool& more) {
  auto block = std::make_unique<ReplyBlock>(std::move(reply));
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(block->data()));
  block->scanned_through = Sequence(answer.Unsigned());
  more = answer.Bool();
  AnswerReader rows = answer.Array();
  block->messages.reserve(std::min<uint64_t>(rows.left(), block->data().size() / kMinRowBytes));
  Sequence last = kNoSequence;
  while (rows.left() > 0) {
    AnswerReader row = rows.Array();
    if (!rows.ok() || !DecodeRow(row, block->messages.emplace_back())) return UnreadableAnswer();
    if (block->messages.back().sequence <= last) return UnreadableAnswer();
    last = block->messages.back().sequence;
  }
  if (!answer.ok() || !rows.ok() || block->scanned_through < last) return UnreadableAnswer();
  return MessageBlockPtr(std::move(block));
}

absl::StatusOr<MessageBlockPtr> DecodeReadOne(iproto::Reply reply) {
  auto block = std::make_unique<ReplyBlock>(std::move(reply));
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(block->data()));
  AnswerReader row = answer.Array();
  if (!answer.ok() || !DecodeRow(row, block->messages.emplace_back())) return UnreadableAnswer();
  block->scanned_through = block->messages.back().sequence;
  return MessageBlockPtr(std::move(block));
}

}  // namespace mts::store
