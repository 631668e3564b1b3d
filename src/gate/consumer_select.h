// Answers selects on `consumers`: looks through the consumers that the key allows and keeps the first ones of the order
// asked for.
//
// Threading: any; replies from any thread. Errors: in the reply. Limits: OrderedRows; time grows with the consumers of
// the subject, or with all of them where the key does not name one.
#pragma once

#include "gate/reply.h"
#include "gate/select_request.h"
#include "store/message_store.h"

namespace mts::gate {

void SelectConsumers(store::MessageStore& messages, SelectRequest request, Reply reply);

}  // namespace mts::gate
