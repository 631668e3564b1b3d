// The functions about objects: which are named, how much of them lives, and moving payloads out of them.
#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "model/msgpack_writer.h"
#include "tarantool/src/functions.h"
#include "tarantool/src/object_payloads.h"
#include "tarantool/src/retention.h"

namespace mts::tarantool {
namespace {

constexpr uint64_t kMaxNames = 10'000;
constexpr uint64_t kMaxListedPayloads = 10'000;

absl::Status TooMany(uint64_t most, std::string_view what) {
  return absl::InvalidArgumentError(Concat("a call takes at most ", most, " ", what));
}

PayloadMove TakeMove(ValueReader& fields) {
  PayloadMove move;
  move.sequence = Sequence(fields.Number());
  move.from_object = fields.Text();
  move.from_offset = fields.Number();
  move.size = fields.Number();
  move.to_object = fields.Text();
  move.to_offset = fields.Number();
  return move;
}

absl::Status CheckName(std::string_view object_name) {
  if (object_name.empty()) return absl::InvalidArgumentError("an object's name cannot be empty");
  if (object_name.size() > limits::kMaxObjectNameBytes) return absl::InvalidArgumentError("object_name is too long");
  return absl::OkStatus();
}

}  // namespace

absl::Status NamedFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  ValueReader names(arguments.Array());
  if (!arguments.ok()) return absl::OkStatus();
  const uint64_t count = names.left();
  if (count > kMaxNames) return TooMany(kMaxNames, "names");
  std::string named;
  for (uint64_t i = 0; i < count; ++i) msgpack::AppendBool(named, IsNamed(instance, names.Text()));
  if (!names.ok()) return absl::InvalidArgumentError(ToAbsl(names.wrong()));
  answer.AddArray(count, named);
  return absl::OkStatus();
}

absl::Status LiveBytesFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  ValueReader objects(arguments.Array());
  if (!arguments.ok()) return absl::OkStatus();
  if (objects.left() > 2 * kMaxNames) return TooMany(kMaxNames, "objects");
  std::vector<ObjectToCount> asked;
  while (objects.left() > 0) {
    const std::string_view name = objects.Text();
    asked.push_back({name, objects.Number()});
  }
  if (!objects.ok()) return absl::InvalidArgumentError(ToAbsl(objects.wrong()));
  std::string counted;
  const std::vector<uint64_t> live = LiveBytes(instance, asked);
  for (const uint64_t bytes : live) msgpack::AppendUnsigned(counted, bytes);
  answer.AddArray(live.size(), counted);
  return absl::OkStatus();
}

absl::Status PayloadsOfFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::string_view object_name = arguments.Text();
  const Sequence after(arguments.Number());
  const uint64_t max_rows = std::clamp<uint64_t>(arguments.Number(), 1, kMaxListedPayloads);
  if (!arguments.ok()) return absl::OkStatus();
  uint64_t count = 0;
  std::string payloads;
  ForEachPayloadOf(instance, object_name, after, max_rows, [&](const Row& row) {
    msgpack::AppendUnsigned(payloads, row.message.sequence.value());
    msgpack::AppendUnsigned(payloads, row.offset);
    msgpack::AppendUnsigned(payloads, row.message.size);
    msgpack::AppendUnsigned(payloads, row.crc32c);
    count += 4;
  });
  answer.AddArray(count, payloads);
  return absl::OkStatus();
}

absl::Status MovePayloadsFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  ValueReader encoded(arguments.Array());
  if (!arguments.ok()) return absl::OkStatus();
  if (encoded.left() > kMaxMovedRows) return TooMany(kMaxMovedRows, "moves");
  std::vector<PayloadMove> moves;
  while (encoded.left() > 0) {
    const std::string_view move = encoded.Array();
    if (!encoded.ok()) break;
    ValueReader fields(move);
    moves.push_back(TakeMove(fields));
    if (!fields.ok()) {
      return absl::InvalidArgumentError(Concat("move ", moves.size() - 1, ": ", fields.wrong()));
    }
    MTS_RETURN_IF_ERROR(CheckName(moves.back().from_object));
    MTS_RETURN_IF_ERROR(CheckName(moves.back().to_object));
  }
  if (!encoded.ok()) return absl::InvalidArgumentError(ToAbsl(encoded.wrong()));
  MTS_ASSIGN_OR_RETURN(const uint64_t moved, MovePayloads(instance, moves));
  answer.Add(moved);
  return absl::OkStatus();
}

}  // namespace mts::tarantool
