// A durable consumer: a name and the subject or pattern as given. Its position is the last sequence it is done with.
//
// Threading: values.
#pragma once

#include <string>
#include <utility>

#include "base/clock.h"
#include "model/sequence.h"

namespace mts {

struct ConsumerId {
  std::string durable_name;
  std::string subject;  // a subject or a pattern, as written

  auto operator<=>(const ConsumerId&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const ConsumerId& id) {
    return H::combine(std::move(h), id.durable_name, id.subject);
  }
};

struct ConsumerState {
  ConsumerId id;
  Sequence position;
  Timestamp last_active;
};

}  // namespace mts
