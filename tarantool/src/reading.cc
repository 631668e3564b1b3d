#include "tarantool/src/reading.h"

#include <algorithm>

namespace mts::tarantool {
namespace {

Scan ScanAfter(Instance& instance, const Pattern& pattern, Sequence after) {
  const Spaces& spaces = instance.spaces();
  if (pattern.exact()) {
    return {spaces.messages_of_subject, ITER_GT, MakeTuple(std::string_view(pattern.base()), after)};
  }
  return {spaces.messages, ITER_GT, MakeTuple(after)};
}

uint64_t CountedBytes(const Row& row, uint64_t max_inline_bytes) {
  const uint64_t bytes = row.CountedBytes();
  return row.message.payload.size() <= max_inline_bytes ? bytes : bytes - row.message.payload.size();
}

}  // namespace

ReadOutcome ReadMessages(Instance& instance, const Pattern& pattern, const ReadLimits& limits, RowVisitor visit) {
  const Sequence visible = instance.visibility().visible();
  const uint64_t max_messages = std::clamp<uint64_t>(limits.max_messages, 1, kMaxReadRows);
  const uint64_t max_bytes = std::min(limits.max_bytes, kMaxReadBytes);
  ReadOutcome outcome{.scanned_through = limits.after};
  uint64_t messages = 0, bytes = 0;
  Scan scan = ScanAfter(instance, pattern, limits.after);
  for (uint64_t scanned = 0;; ++scanned) {
    box_tuple_t* const tuple = scan.Next();
    Row row;
    if (tuple == nullptr || Sequence(NumberField(tuple, field::kSequence)) > visible) break;
    if (!ParseRow(BytesOf(tuple), row)) continue;  // not ours: nobody can read it, and it stops nobody
    if (pattern.exact() && row.message.subject != pattern.base()) break;
    outcome.more = messages >= max_messages || scanned >= kMaxScannedRows;
    if (outcome.more) return outcome;
    if (pattern.Matches(row.message.subject)) {
      bytes += CountedBytes(row, limits.max_inline_bytes);
      outcome.more = messages > 0 && bytes > max_bytes;
      if (outcome.more) return outcome;
      visit(row, BytesOf(tuple));
      ++messages;
    }
    outcome.scanned_through = row.message.sequence;
  }
  outcome.scanned_through = std::max(limits.after, visible);
  return outcome;
}

bool ReadMessage(Instance& instance, Sequence sequence, RowVisitor visit) {
  if (sequence > instance.visibility().visible()) return false;
  box_tuple_t* const tuple = Find(instance.spaces().messages, MakeTuple(sequence));
  Row row;
  if (tuple == nullptr || !ParseRow(BytesOf(tuple), row)) return false;
  visit(row, BytesOf(tuple));
  return true;
}

Sequence LastBefore(Instance& instance, Timestamp time) {
  const IndexId messages = instance.spaces().messages;
  // Times do not fall from one message to the next, so that halving finds the place.
  uint64_t below = 0, from = instance.visibility().visible().value() + 1;
  Sequence last;
  while (below + 1 < from) {
    const uint64_t middle = below + (from - below) / 2;
    Scan scan(messages, ITER_LE, MakeTuple(middle));
    box_tuple_t* const tuple = scan.Next();
    if (tuple == nullptr ||
        NumberField(tuple, field::kTime) < static_cast<uint64_t>(std::max<int64_t>(time.value(), 0))) {
      if (tuple != nullptr) last = Sequence(NumberField(tuple, field::kSequence));
      below = middle;
    } else {
      from = middle;
    }
  }
  return last;
}

uint64_t CountAfter(Instance& instance, const Pattern& pattern, Sequence position) {
  uint64_t count = 0;
  ReadLimits limits{.after = position, .max_messages = kMaxReadRows, .max_bytes = UINT64_MAX, .max_inline_bytes = 0};
  while (true) {
    const ReadOutcome outcome = ReadMessages(instance, pattern, limits, [&](const Row&, std::string_view) { ++count; });
    if (!outcome.more) return count;
    limits.after = outcome.scanned_through;
    fiber_sleep(0);
    if (fiber_is_cancelled()) return count;
  }
}

}  // namespace mts::tarantool
