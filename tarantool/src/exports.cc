// What Tarantool calls by name: the functions mts.NAME, each the symbol NAME of this library. The C++ names differ,
// since some of the symbols (read, wait) are those of the C library elsewhere.
#include <exception>
#include <string>
#include <string_view>

#include "base/text.h"
#include "iproto/protocol.h"
#include "model/msgpack_writer.h"
#include "tarantool/src/functions.h"
#include "tarantool/src/lua_functions.h"
#include "tarantool/src/module_api.h"

namespace mts::tarantool {
namespace {

int Fail(std::string_view text) {
  return box_error_set("mts", __LINE__, static_cast<uint32_t>(iproto::ErrorCode::kProcedure), "%s",
                       std::string(text).c_str());
}

int Return(box_function_ctx_t* context, const absl::Status& status, const Answer& answer) {
  std::string value;
  value.reserve(answer.values.size() + 64);
  if (status.ok()) {
    msgpack::AppendArray(value, 1 + answer.count);
    msgpack::AppendUnsigned(value, 0);
    value += answer.values;
  } else {
    msgpack::AppendArray(value, 3);
    msgpack::AppendUnsigned(value, static_cast<uint64_t>(status.code()));
    msgpack::AppendText(value, ToStd(status.message()));
    msgpack::AppendBool(value, IsReadOnlyError(status));
  }
  return box_return_mp(context, value.data(), value.data() + value.size());
}

int Call(box_function_ctx_t* context, const char* begin, const char* end, Function function, bool reads_only_state) {
  // The arguments do not outlive the first yield.
  const std::string encoded(begin, end);
  ValueReader arguments(encoded);
  Instance& instance = Instance::Here();
  Answer answer;
  absl::Status status = reads_only_state ? absl::OkStatus() : instance.CheckWritable();
  if (status.ok()) status = function(instance, arguments, answer);
  if (!arguments.ok()) return Fail(arguments.wrong());
  return Return(context, status, answer);
}

// No exception may get into Tarantool; only memory can run out.
int Guarded(box_function_ctx_t* context, const char* begin, const char* end, Function function,
            bool reads_only_state = false) {
  try {
    return Call(context, begin, end, function, reads_only_state);
  } catch (const std::exception& exception) {
    return Fail(exception.what());
  }
}

int Start(box_function_ctx_t* context, const char* begin, const char* end) {
  const std::string encoded(begin, end);
  ValueReader arguments(encoded);
  const std::string_view uuid = arguments.Text();
  const std::string_view durability = arguments.Text();
  if (!arguments.ok()) return Fail(arguments.wrong());
  Instance::Here().Start(std::string(uuid), std::string(durability));
  RegisterLuaFunctions(luaT_state());
  return 0;
}

}  // namespace
}  // namespace mts::tarantool

#define MTS_DECLARE(symbol, function)                                                              \
  extern "C" __attribute__((visibility("default"))) int function(box_function_ctx_t*, const char*, \
                                                                 const char*) __asm__(symbol);     \
  extern "C" int function(box_function_ctx_t* context, const char* begin, const char* end)

#define MTS_FUNCTION(symbol, name)                                                        \
  MTS_DECLARE(symbol, Mts##name) {                                                        \
    return mts::tarantool::Guarded(context, begin, end, &mts::tarantool::name##Function); \
  }

// Gets (instance uuid, durability) and lays the Lua functions into package.loaded['mts.functions'].
MTS_DECLARE("start", MtsStart) { return mts::tarantool::Start(context, begin, end); }
MTS_DECLARE("hello", MtsHello) {
  return mts::tarantool::Guarded(context, begin, end, &mts::tarantool::HelloFunction, true);
}
MTS_FUNCTION("append", Append)
MTS_FUNCTION("read", Read)
MTS_FUNCTION("read_one", ReadOne)
MTS_FUNCTION("last", Last)
MTS_FUNCTION("last_before", LastBefore)
MTS_FUNCTION("position", Position)
MTS_FUNCTION("advance", Advance)
MTS_FUNCTION("reset", Reset)
MTS_FUNCTION("delete_consumer", DeleteConsumer)
MTS_FUNCTION("wait", Wait)
MTS_FUNCTION("subjects", Subjects)
MTS_FUNCTION("consumers", Consumers)
MTS_FUNCTION("info", Info)
MTS_FUNCTION("count_after", CountAfter)
MTS_FUNCTION("expire", Expire)
MTS_FUNCTION("named", Named)
MTS_FUNCTION("live_bytes", LiveBytes)
MTS_FUNCTION("payloads_of", PayloadsOf)
MTS_FUNCTION("move_payloads", MovePayloads)
