// The live segments and the tiers over them. A reader takes a view, which never changes.
//
// Threading: any thread; a view is copied when the first reader asks after a change, so that a start with thousands of
// segments copies once. Errors: none.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "log/segment.h"
#include "log/tier.h"

namespace mts::log {

struct SegmentView {
  std::vector<std::shared_ptr<Segment>> segments;  // ascending, the active one last
  std::vector<std::shared_ptr<Tier>> tiers;        // ascending, no two over the same segment

  // Index of the first segment that can hold a sequence greater than `after`.
  size_t FirstAfter(Sequence after) const;
  // Index of the first segment with this number or a greater one.
  size_t FirstFrom(SegmentNumber number) const;
  // Null: there is none.
  std::shared_ptr<Tier> TierOver(SegmentNumber number) const;
};

class SegmentList {
 public:
  using Tiers = std::vector<std::shared_ptr<Tier>>;

  std::shared_ptr<const SegmentView> View() const;

  // Tiers found at start; of two over the same segments the wider one stays. Answers the others.
  Tiers AdoptTiers(Tiers tiers);
  // Adds the new last segment. Answers tiers that cover its number but were not made with it: they are taken out.
  Tiers Append(std::shared_ptr<Segment> segment);
  // The active segment, sealed.
  void ReplaceLast(std::shared_ptr<Segment> segment);
  // Null when there is none or it is the active one.
  std::shared_ptr<Segment> RemoveFront();
  // Takes out and answers the tiers without any live segment.
  Tiers TakeDeadTiers();
  // Puts one in the place of others; false, and no change, unless all of them are there.
  bool ReplaceTiers(absl::Span<const std::shared_ptr<Tier>> old, std::shared_ptr<Tier> tier);
  // False when it is not there any more.
  bool TakeTier(const Tier* tier);

 private:
  mutable absl::Mutex mutex_;
  SegmentView now_ ABSL_GUARDED_BY(mutex_);
  mutable std::shared_ptr<const SegmentView> view_ ABSL_GUARDED_BY(mutex_);  // null: to be copied
};

}  // namespace mts::log
