#include "log/tier_planning.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mts::log {
namespace {

struct Item {
  MergeInput input;  // neither: something that cannot be merged lies here
  uint64_t level = 0;
};

std::vector<Item> ItemsOf(const SegmentView& view) {
  std::vector<Item> items;
  for (size_t i = 0; i < view.segments.size();) {
    const std::shared_ptr<Segment>& segment = view.segments[i];
    if (std::shared_ptr<Tier> tier = view.TierOver(segment->number())) {
      i = view.FirstFrom(tier->last().Next());
      const uint64_t level = tier->level();
      items.push_back({{nullptr, std::move(tier)}, level});
      continue;
    }
    items.push_back({{segment->sealed() ? segment->disk_index() : nullptr, nullptr}, 0});
    ++i;
  }
  return items;
}

}  // namespace

std::optional<MergePlan> PlanMerge(const SegmentView& view) {
  const std::vector<Item> items = ItemsOf(view);
  std::optional<MergePlan> plan;
  for (size_t begin = 0; begin < items.size();) {
    size_t end = begin;
    while (end < items.size() && items[end].level == items[begin].level &&
           (items[end].input.segment != nullptr || items[end].input.tier != nullptr)) {
      ++end;
    }
    if (end - begin >= kTierFanIn && (!plan || items[begin].level + 1 < plan->level)) {
      plan = MergePlan{{}, items[begin].level + 1, view.segments.front()->number()};
      for (size_t i = begin; i < begin + kTierFanIn; ++i) plan->inputs.push_back(items[i].input);
    }
    begin = std::max(end, begin + 1);
  }
  return plan;
}

}  // namespace mts::log
