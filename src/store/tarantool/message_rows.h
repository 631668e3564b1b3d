// Rows of the space `message` as stored messages, and blocks of them.
//
// Threading: pure functions. Errors: a row that cannot be read is UNAVAILABLE (see answer.h). A block keeps the reply
// that its messages point into.
#pragma once

#include "absl/status/statusor.h"
#include "iproto/client_connection.h"
#include "store/message_store.h"
#include "store/tarantool/answer.h"

namespace mts::store {

// The answer of mts.read; `more` says that what lies after scanned_through was not looked at.
absl::StatusOr<MessageBlockPtr> DecodeRead(iproto::Reply reply, bool& more);
// The answer of mts.read_one.
absl::StatusOr<MessageBlockPtr> DecodeReadOne(iproto::Reply reply);

}  // namespace mts::store
