// The functions of the quick start and of the existing system (iproto/call_functions.h) over the spaces: the same rules
// as the gate of the embedded shape, the same codec.
//
// Threading: fibers of the transaction thread; those that write yield. The arguments must live until the call ends.
// Errors: an iproto::Error; publishing functions that answer a map put refusals into it. Limits: those of reading.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "iproto/call_functions.h"
#include "iproto/error.h"
#include "tarantool/src/instance.h"

namespace mts::tarantool {

struct ClientReply {
  uint32_t count = 0;  // of values
  std::string values;  // encoded, as the gate sends them
};

std::variant<ClientReply, iproto::Error> CallClientFunction(Instance& instance, iproto::Function function,
                                                            std::string_view arguments);

}  // namespace mts::tarantool
