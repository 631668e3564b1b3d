#include "tarantool/src/object_payloads.h"

#include <algorithm>
#include <string>

#include "base/status.h"

namespace mts::tarantool {
namespace {

constexpr auto kStored = static_cast<uint64_t>(PayloadKind::kStored);

bool IsPlacedAt(box_tuple_t* row, const PayloadMove& move) {
  return NumberField(row, field::kKind) == kStored && TextField(row, field::kObjectName) == move.from_object &&
         NumberField(row, field::kOffset) == move.from_offset && NumberField(row, field::kSize) == move.size;
}

template <typename Value>
void AppendAssignment(std::string& to, uint64_t field, const Value& value) {
  to += MakeTuple(std::string_view("="), field, value);
}

std::string AssignmentsFor(const PayloadMove& move) {
  std::string operations;
  msgpack::AppendArray(operations, 2);
  AppendAssignment(operations, field::kObjectName, move.to_object);
  AppendAssignment(operations, field::kOffset, move.to_offset);
  return operations;
}

}  // namespace

std::vector<uint64_t> LiveBytes(Instance& instance, absl::Span<const ObjectToCount> objects) {
  std::vector<uint64_t> counted;
  uint64_t rows = 0;
  for (const ObjectToCount& object : objects) {
    uint64_t bytes = 0;
    Scan scan(instance.spaces().messages_of_object, ITER_EQ, MakeTuple(object.object_name));
    box_tuple_t* row = nullptr;
    while (bytes < object.enough && (row = scan.Next()) != nullptr) {
      ++rows;
      if (NumberField(row, field::kKind) != kStored) bytes = object.enough;
      bytes += std::min(NumberField(row, field::kSize), object.enough - bytes);
    }
    counted.push_back(bytes);
    if (rows >= kMaxCountedRows) break;
  }
  return counted;
}

void ForEachPayloadOf(Instance& instance, std::string_view object_name, Sequence after, uint64_t max_rows,
                      absl::FunctionRef<void(const Row& row)> use) {
  // Those of one object are in the order of their sequences, but a key has the object's name only.
  Scan scan(instance.spaces().messages_of_object, ITER_EQ, MakeTuple(object_name));
  uint64_t used = 0;
  while (used < max_rows) {
    box_tuple_t* const tuple = scan.Next();
    if (tuple == nullptr) return;
    if (Sequence(NumberField(tuple, field::kSequence)) <= after) continue;
    Row row;
    if (!ParseRow(BytesOf(tuple), row) || row.kind != PayloadKind::kStored) continue;
    if (row.message.sequence > instance.visibility().visible()) return;
    use(row);
    ++used;
  }
}

absl::StatusOr<uint64_t> MovePayloads(Instance& instance, absl::Span<const PayloadMove> moves) {
  Transaction transaction;
  if (!transaction.open()) return StatusOfLastError();
  uint64_t moved = 0;
  for (const PayloadMove& move : moves) {
    if (move.sequence > instance.visibility().visible()) continue;
    const std::string key = MakeTuple(move.sequence);
    box_tuple_t* const row = Find(instance.spaces().messages, key);
    if (row == nullptr || !IsPlacedAt(row, move)) continue;
    MTS_RETURN_IF_ERROR(transaction.Update(instance.spaces().messages, key, AssignmentsFor(move)));
    ++moved;
  }
  if (moved == 0) return moved;
  MTS_RETURN_IF_ERROR(transaction.Commit(instance.spaces().quorum));
  return moved;
}

}  // namespace mts::tarantool
