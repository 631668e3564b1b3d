// What the functions inside Tarantool read: the arguments of mts.append, plain arguments, and rows. Views stay within
// the input, and what was read can be written as a row and read again.
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz_check.h"
#include "tarantool/src/append_arguments.h"
#include "tarantool/src/values.h"

namespace {

using mts::tarantool::Row;

bool IsWithin(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckRoundTrip(const mts::tarantool::NewRow& message) {
  std::string tuple;
  mts::tarantool::AppendRow(tuple, message, mts::Sequence(7), mts::Timestamp(1'700'000'000'000'000));
  Row row;
  FUZZ_CHECK(mts::tarantool::ParseRow(tuple, row));
  FUZZ_CHECK(row.message.subject == message.subject && row.message.headers == message.headers);
  FUZZ_CHECK(row.message.payload == message.payload && row.object_name == message.object_name);
  FUZZ_CHECK(row.message.sequence == mts::Sequence(7) && row.kind == message.kind);
  std::string shown;
  mts::tarantool::AppendRowForReader(shown, row, tuple, message.payload.empty() ? 0 : message.payload.size() - 1);
  FUZZ_CHECK(mts::tarantool::ParseRow(shown, row) && row.message.payload.empty());
}

void ReadAppend(std::string_view input) {
  std::vector<mts::tarantool::AppendBatch> batches;
  if (!mts::tarantool::ReadBatches(input, batches).ok()) return;
  for (const auto& batch : batches) {
    for (const auto& message : batch.messages) {
      FUZZ_CHECK(IsWithin(message.row.subject, input) && IsWithin(message.row.headers, input));
      FUZZ_CHECK(IsWithin(message.row.payload, input) && IsWithin(message.message_id, input));
      CheckRoundTrip(message.row);
    }
  }
}

// One kind of value after the other, as the byte says.
void ReadValues(uint8_t kinds, std::string_view input) {
  mts::tarantool::ValueReader values(input);
  for (int i = 0; i < 4; ++i, kinds >>= 2) {
    switch (kinds & 3) {
      case 0:
        values.OptionalNumber();
        break;
      case 1:
        FUZZ_CHECK(IsWithin(values.OptionalText(), input));
        break;
      case 2:
        FUZZ_CHECK(IsWithin(values.OptionalMap(), input));
        break;
      default:
        FUZZ_CHECK(IsWithin(values.Array(), input));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) {
    ReadAppend(input);
  } else if (data[0] % 3 == 1) {
    ReadValues(data[0], input);
  } else {
    Row row;
    if (mts::tarantool::ParseRow(input, row)) FUZZ_CHECK(IsWithin(row.message.subject, input));
  }
  return 0;
}
