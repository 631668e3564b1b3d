// An error as the protocol carries it: a number and a text.
//
// Threading: a value and pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "iproto/protocol.h"

namespace mts::iproto {

struct Error {
  ErrorCode code = ErrorCode::kUnknown;
  std::string text;
};

// What a failed operation of the stores looks like to a client of this protocol. What may be tried again keeps its own
// numbers: RESOURCE_EXHAUSTED is kMemoryIssue, UNAVAILABLE kWalIo.
Error ErrorOf(const absl::Status& status);

}  // namespace mts::iproto
