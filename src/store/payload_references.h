// Which payloads messages have in an object, and moving them to another one, for the rewriting of packs that are mostly
// dead; a message store whose references cannot change (the embedded log's segments do not) does not offer it.
//
// Threading: as MessageStore. Errors: as MessageStore; UNIMPLEMENTED or PERMISSION_DENIED from a store that is older
// than this program. Limits: max_* below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/payload.h"
#include "model/sequence.h"
#include "store/message_store.h"

namespace mts::store {

class PayloadReferences {
 public:
  virtual ~PayloadReferences() = default;

  struct ObjectBytes {
    std::string key;
    uint64_t enough = 0;  // what comes beyond it is not counted
  };
  virtual size_t max_counted_objects() const = 0;
  // For each object the bytes of the payloads that messages have in it; `enough` where a client named it.
  virtual void LiveBytes(std::vector<ObjectBytes> objects, Done<std::vector<uint64_t>> done) = 0;

  struct MessagePayload {
    Sequence sequence;
    PayloadReference reference;
  };
  // Of the messages behind `after` that have their payload in the object, the first ones; none: there are no more.
  virtual void PayloadsOf(std::string key, Sequence after, Done<std::vector<MessagePayload>> done) = 0;

  struct Move {
    Sequence sequence;
    PayloadReference from;
    PayloadReference to;
  };
  virtual size_t max_moves() const = 0;
  // All in one step, durable when it answers how many there were: a message that still has its payload at `from` has it
  // at `to` then and nothing else of it changes; one that is gone stays so.
  virtual void MovePayloads(std::vector<Move> moves, Done<uint64_t> done) = 0;
};

}  // namespace mts::store
