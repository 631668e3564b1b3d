// Waiting for messages to become visible, and which subjects got some.
//
// Threading: the transaction thread; WaitForNews yields. Errors: none. Limits: kMaxNewsRows looked at in one call.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "model/sequence.h"
#include "tarantool/src/instance.h"

namespace mts::tarantool {

inline constexpr uint64_t kMaxNewsRows = 10'000;

struct News {
  Sequence through;
  std::map<std::string, Sequence, std::less<>> last_of_subject;
};

// Without `known` at once and without subjects; else until something is visible behind it.
News WaitForNews(Instance& instance, std::optional<Sequence> known, double seconds);

}  // namespace mts::tarantool
