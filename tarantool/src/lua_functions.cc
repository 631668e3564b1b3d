#include "tarantool/src/lua_functions.h"

#include <exception>
#include <string>
#include <string_view>
#include <tarantool/lua.hpp>
#include <variant>

#include "base/text.h"
#include "iproto/call_functions.h"
#include "model/msgpack_reader.h"
#include "tarantool/src/client_functions.h"

namespace mts::tarantool {
namespace {

using Type = MsgpackReader::Type;

void Raise(uint32_t code, std::string_view text) {
  box_error_set("mts", __LINE__, code, "%s", std::string(text).c_str());
}

// A value that Lua passes on as it is: a tuple without a format holds any msgpack.
bool PushRaw(lua_State* lua, std::string_view encoded) {
  box_tuple_t* const tuple = box_tuple_new(box_tuple_format_default(), encoded.data(), encoded.data() + encoded.size());
  if (tuple == nullptr) return false;
  luaT_pushtuple(lua, tuple);
  return true;
}

// Takes one value from the reader, whole.
std::string_view Take(MsgpackReader& reader, MsgpackReader::Value& head) {
  const std::string_view before = reader.rest();
  if (!reader.Next(head) || !reader.SkipContent(head, 1)) return {};
  return before.substr(0, before.size() - reader.rest().size());
}

// A map becomes a table, so that an older call (call_16) makes a tuple of it; its values keep their width.
bool PushMap(lua_State* lua, std::string_view encoded) {
  MsgpackReader reader(encoded);
  MsgpackReader::Value map, key, value;
  if (!reader.Next(map)) return false;
  lua_createtable(lua, 0, static_cast<int>(map.number));
  for (uint64_t i = 0; i < map.number; ++i) {
    Take(reader, key);
    const std::string_view bytes = Take(reader, value);
    lua_pushlstring(lua, key.bytes.data(), key.bytes.size());
    if (value.type == Type::kBool) {
      lua_pushboolean(lua, value.boolean ? 1 : 0);
    } else if (value.type == Type::kString) {
      lua_pushlstring(lua, value.bytes.data(), value.bytes.size());
    } else if (!PushRaw(lua, bytes)) {
      return false;
    }
    lua_rawset(lua, -3);
  }
  return true;
}

// A list of messages becomes a table of tuples, which an older call takes apart; one message is a tuple.
bool PushArray(lua_State* lua, std::string_view encoded) {
  MsgpackReader reader(encoded);
  MsgpackReader::Value array, element;
  if (!reader.Next(array)) return false;
  MsgpackReader peek = reader;
  const bool is_list =
      array.number == 0 || (peek.Next(element) && (element.type == Type::kArray || element.type == Type::kMap));
  if (!is_list) return PushRaw(lua, encoded);
  lua_createtable(lua, static_cast<int>(array.number), 0);
  for (uint64_t i = 0; i < array.number; ++i) {
    if (!PushRaw(lua, Take(reader, element))) return false;
    lua_rawseti(lua, -2, static_cast<int>(i + 1));
  }
  return true;
}

bool PushValue(lua_State* lua, std::string_view encoded) {
  MsgpackReader reader(encoded);
  MsgpackReader::Value head;
  if (!reader.Next(head)) return false;
  switch (head.type) {
    case Type::kMap:
      return PushMap(lua, encoded);
    case Type::kArray:
      return PushArray(lua, encoded);
    case Type::kBool:
      lua_pushboolean(lua, head.boolean ? 1 : 0);
      return true;
    case Type::kUnsigned:
      luaL_pushuint64(lua, head.number);
      return true;
    default:
      lua_pushnil(lua);
      return true;
  }
}

// The number of results, or -1 with Tarantool's error set.
int CallAndPush(lua_State* lua, iproto::Function function, std::string_view arguments) {
  const auto reply = CallClientFunction(Instance::Here(), function, arguments);
  if (const auto* error = std::get_if<iproto::Error>(&reply)) {
    Raise(static_cast<uint32_t>(error->code), error->text);
    return -1;
  }
  const auto& values = std::get<ClientReply>(reply);
  MsgpackReader reader(values.values);
  for (uint32_t i = 0; i < values.count; ++i) {
    MsgpackReader::Value head;
    if (!PushValue(lua, Take(reader, head))) {
      if (box_error_last() == nullptr) Raise(ER_PROC_C, "a reply could not be made");
      return -1;
    }
  }
  return static_cast<int>(values.count);
}

int Guarded(lua_State* lua) {
  // The string stays where it is as long as it is on Lua's stack, over yields too.
  size_t size = 0;
  const char* const bytes = luaL_checklstring(lua, 1, &size);
  const auto function = static_cast<iproto::Function>(lua_tointeger(lua, lua_upvalueindex(1)));
  try {
    return CallAndPush(lua, function, {bytes, size});
  } catch (const std::exception& exception) {
    Raise(ER_PROC_C, exception.what());
    return -1;
  }
}

// Nothing of C++ is on the stack when Lua's error leaves this frame.
int LuaCall(lua_State* lua) {
  const int results = Guarded(lua);
  return results < 0 ? luaT_error(lua) : results;
}

// The status as Lua's error: nothing of C++ may be on the stack then.
bool SetWritable(bool writable) {
  const absl::Status status = Instance::Here().SetWritable(writable);
  if (!status.ok()) Raise(ER_PROC_C, ToStd(status.message()));
  return status.ok();
}

int LuaSetWritable(lua_State* lua) {
  if (!SetWritable(lua_toboolean(lua, 1) != 0)) return luaT_error(lua);
  return 0;
}

int LuaSetMemoryShort(lua_State* lua) {
  Instance::Here().SetMemoryShort(lua_toboolean(lua, 1) != 0);
  return 0;
}

}  // namespace

void RegisterLuaFunctions(lua_State* lua) {
  lua_getglobal(lua, "package");
  lua_getfield(lua, -1, "loaded");
  lua_newtable(lua);
  lua_newtable(lua);
  iproto::ForEachFunction([lua](std::string_view name, iproto::Function function) {
    lua_pushlstring(lua, name.data(), name.size());
    lua_pushinteger(lua, static_cast<lua_Integer>(function));
    lua_pushcclosure(lua, &LuaCall, 1);
    lua_rawset(lua, -3);
  });
  lua_setfield(lua, -2, "clients");
  lua_pushcfunction(lua, &LuaSetWritable);
  lua_setfield(lua, -2, "set_writable");
  lua_pushcfunction(lua, &LuaSetMemoryShort);
  lua_setfield(lua, -2, "set_memory_short");
  lua_setfield(lua, -2, "mts.functions");
  lua_pop(lua, 2);
}

}  // namespace mts::tarantool
