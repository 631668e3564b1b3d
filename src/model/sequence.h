// The number of a message: one counter over all subjects, from 1 on, never used twice. 0 stands for "none".
#pragma once

#include <cstdint>

#include "base/strong_type.h"

namespace mts {

struct SequenceTag {};
using Sequence = StrongType<SequenceTag, uint64_t>;

inline constexpr Sequence kNoSequence{0};
inline constexpr Sequence kMaxSequence{UINT64_MAX};

}  // namespace mts
