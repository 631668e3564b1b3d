#include "log/segment_list.h"

#include <algorithm>
#include <utility>

namespace mts::log {
namespace {

bool EarlierTier(const std::shared_ptr<Tier>& a, const std::shared_ptr<Tier>& b) { return a->first() < b->first(); }

}  // namespace

size_t SegmentView::FirstAfter(Sequence after) const {
  return static_cast<size_t>(
      std::partition_point(segments.begin(), segments.end(),
                           [after](const std::shared_ptr<Segment>& segment) { return segment->upper() <= after; }) -
      segments.begin());
}

size_t SegmentView::FirstFrom(SegmentNumber number) const {
  return static_cast<size_t>(
      std::partition_point(segments.begin(), segments.end(),
                           [number](const std::shared_ptr<Segment>& segment) { return segment->number() < number; }) -
      segments.begin());
}

std::shared_ptr<Tier> SegmentView::TierOver(SegmentNumber number) const {
  const auto found = std::partition_point(
      tiers.begin(), tiers.end(), [number](const std::shared_ptr<Tier>& tier) { return tier->last() < number; });
  return found != tiers.end() && (*found)->Covers(number) ? *found : nullptr;
}

std::shared_ptr<const SegmentView> SegmentList::View() const {
  absl::MutexLock lock(&mutex_);
  if (view_ == nullptr) view_ = std::make_shared<const SegmentView>(now_);
  return view_;
}

SegmentList::Tiers SegmentList::AdoptTiers(Tiers tiers) {
  std::sort(tiers.begin(), tiers.end(), [](const std::shared_ptr<Tier>& a, const std::shared_ptr<Tier>& b) {
    return a->first() != b->first() ? a->first() < b->first() : a->last() > b->last();
  });
  Tiers others;
  absl::MutexLock lock(&mutex_);
  for (std::shared_ptr<Tier>& tier : tiers) {
    if (!now_.tiers.empty() && tier->first() <= now_.tiers.back()->last()) {
      others.push_back(std::move(tier));
    } else {
      now_.tiers.push_back(std::move(tier));
    }
  }
  view_ = nullptr;
  return others;
}

SegmentList::Tiers SegmentList::Append(std::shared_ptr<Segment> segment) {
  Tiers wrong;
  absl::MutexLock lock(&mutex_);
  std::erase_if(now_.tiers, [&](const std::shared_ptr<Tier>& tier) {
    if (!tier->Covers(segment->number()) || tier->Has(segment->number(), segment->identity())) return false;
    wrong.push_back(tier);
    return true;
  });
  now_.segments.push_back(std::move(segment));
  view_ = nullptr;
  return wrong;
}

void SegmentList::ReplaceLast(std::shared_ptr<Segment> segment) {
  absl::MutexLock lock(&mutex_);
  now_.segments.back() = std::move(segment);
  view_ = nullptr;
}

std::shared_ptr<Segment> SegmentList::RemoveFront() {
  absl::MutexLock lock(&mutex_);
  if (now_.segments.empty() || !now_.segments.front()->sealed()) return nullptr;
  std::shared_ptr<Segment> front = now_.segments.front();
  now_.segments.erase(now_.segments.begin());
  view_ = nullptr;
  return front;
}

SegmentList::Tiers SegmentList::TakeDeadTiers() {
  Tiers dead;
  absl::MutexLock lock(&mutex_);
  if (now_.segments.empty()) return dead;
  const SegmentNumber front = now_.segments.front()->number();
  std::erase_if(now_.tiers, [&](const std::shared_ptr<Tier>& tier) {
    if (tier->last() >= front) return false;
    dead.push_back(tier);
    return true;
  });
  if (!dead.empty()) view_ = nullptr;
  return dead;
}

bool SegmentList::ReplaceTiers(absl::Span<const std::shared_ptr<Tier>> old, std::shared_ptr<Tier> tier) {
  absl::MutexLock lock(&mutex_);
  for (const std::shared_ptr<Tier>& one : old) {
    if (std::find(now_.tiers.begin(), now_.tiers.end(), one) == now_.tiers.end()) return false;
  }
  std::erase_if(now_.tiers,
                [&](const std::shared_ptr<Tier>& one) { return std::find(old.begin(), old.end(), one) != old.end(); });
  const auto place = std::upper_bound(now_.tiers.begin(), now_.tiers.end(), tier, EarlierTier);
  now_.tiers.insert(place, std::move(tier));
  view_ = nullptr;
  return true;
}

bool SegmentList::TakeTier(const Tier* tier) {
  absl::MutexLock lock(&mutex_);
  const auto erased = std::erase_if(now_.tiers, [tier](const std::shared_ptr<Tier>& one) { return one.get() == tier; });
  if (erased > 0) view_ = nullptr;
  return erased > 0;
}

}  // namespace mts::log
