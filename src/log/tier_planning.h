// Which segments or tiers are to be merged next: eight neighbours of the same level, the lowest level first. So a
// subject is looked for in at most seven places of each of log8(segments) levels.
//
// Threading: pure. Errors: none.
#pragma once

#include <cstddef>
#include <optional>

#include "log/segment_list.h"
#include "log/tier_merge.h"

namespace mts::log {

inline constexpr size_t kTierFanIn = 8;

std::optional<MergePlan> PlanMerge(const SegmentView& view);

}  // namespace mts::log
