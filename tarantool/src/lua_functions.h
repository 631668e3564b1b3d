// Our side of init.lua: a table in package.loaded['mts.functions'] with one function for each of the clients'
// functions, which takes the encoded arguments and returns what a Lua function of this name is to return, and with what
// init.lua tells us (set_writable, set_memory_short).
//
// Why not plain C functions: before Tarantool 3 the reply of a C function is wrapped once more, and what Lua packs
// itself has the shortest integers, on which the quick start's clients fail.
//
// Threading: the transaction thread. Errors: raised as Tarantool's.
#pragma once

#include "tarantool/src/module_api.h"

namespace mts::tarantool {

void RegisterLuaFunctions(lua_State* lua);

}  // namespace mts::tarantool
