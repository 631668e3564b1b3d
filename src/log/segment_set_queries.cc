#include <algorithm>
#include <utility>

#include "base/status.h"
#include "log/segment_set_impl.h"

namespace mts::log {

std::vector<SegmentSummary> SegmentSetImpl::Summaries() const {
  const std::shared_ptr<const SegmentView> view = segments_.View();
  std::vector<SegmentSummary> summaries;
  summaries.reserve(view->segments.size());
  for (const SegmentPtr& segment : view->segments) summaries.push_back(segment->Summary());
  return summaries;
}

std::optional<SegmentSummary> SegmentSetImpl::Front() const {
  const std::shared_ptr<const SegmentView> view = segments_.View();
  if (view->segments.empty()) return std::nullopt;
  return view->segments.front()->Summary();
}

uint64_t SegmentSetImpl::segment_count() const { return segments_.View()->segments.size(); }

void SegmentSetImpl::FinishIndexing() { indexer_.Finish(); }

absl::Status SegmentSetImpl::AskIndex(const SegmentPtr& segment,
                                      absl::FunctionRef<absl::Status(const SegmentIndex&)> ask) {
  absl::Status status = ask(*segment->index());
  if (status.ok() || absl::IsNotFound(status)) return status;
  if (segment->removed()) return absl::OkStatus();
  MTS_RETURN_IF_ERROR(indexer_.Rebuild(segment, status));
  return ask(*segment->index());
}

absl::Status SegmentSetImpl::ForEachCandidate(const SegmentView& view, const Pattern& pattern, size_t begin,
                                              absl::FunctionRef<absl::StatusOr<bool>(const SegmentPtr&)> visit) {
  std::shared_ptr<Tier> unusable;
  for (size_t place = begin; place < view.segments.size();) {
    const SegmentNumber number = view.segments[place]->number();
    const std::shared_ptr<Tier> tier = pattern.kind() == Pattern::Kind::kAll ? nullptr : view.TierOver(number);
    if (tier == nullptr || tier == unusable) {
      MTS_ASSIGN_OR_RETURN(const bool more, visit(view.segments[place]));
      if (!more) return absl::OkStatus();
      ++place;
      continue;
    }
    const absl::StatusOr<std::vector<SegmentNumber>> candidates = tier->Candidates(pattern, number);
    if (!candidates.ok()) {
      indexer_.DropTier(tier, candidates.status());
      unusable = tier;
      continue;
    }
    for (const SegmentNumber candidate : *candidates) {
      place = view.FirstFrom(candidate);
      if (place >= view.segments.size() || view.segments[place]->number() != candidate) continue;
      MTS_ASSIGN_OR_RETURN(const bool more, visit(view.segments[place]));
      if (!more) return absl::OkStatus();
    }
    place = view.FirstFrom(tier->last().Next());
  }
  return absl::OkStatus();
}

bool SegmentSetImpl::Narrow(const Pattern& pattern, Sequence& after, Sequence& through) const {
  if (pattern.exact()) {
    const std::optional<SubjectId> subject = options_.catalogue->Find(pattern.base());
    if (!subject) return false;
    const std::optional<store::SubjectState> state = options_.catalogue->State(*subject);
    if (!state) return false;
    through = std::min(through, state->last);
    if (state->first != kNoSequence) after = std::max(after, Sequence(state->first.value() - 1));
  }
  return after < through;
}

absl::Status SegmentSetImpl::FindIn(const SegmentPtr& segment, const SegmentIndex::Query& query,
                                    std::vector<Location>& locations) {
  std::vector<Hit> hits;
  MTS_RETURN_IF_ERROR(AskIndex(segment, [&](const SegmentIndex& index) {
    hits.clear();
    return index.Find(query, hits);
  }));
  if (hits.empty()) return absl::OkStatus();
  const absl::StatusOr<std::shared_ptr<io::File>> file = segment->file()->Get();
  if (!file.ok()) return segment->removed() ? absl::OkStatus() : file.status();
  for (const Hit& hit : hits) {
    locations.push_back(
        {*file, segment->number(), segment->identity(), uint64_t{hit.offset8} * kAlignment, hit.sequence});
  }
  return absl::OkStatus();
}

absl::StatusOr<SegmentSet::Found> SegmentSetImpl::Find(const Pattern& pattern, Sequence after, Sequence through,
                                                       uint32_t limit) {
  Found found;
  found.scanned_through = std::max(after, through);
  Sequence narrow_after = after;
  Sequence narrow_through = through;
  if (limit == 0 || !Narrow(pattern, narrow_after, narrow_through)) {
    if (limit == 0) found.scanned_through = after;
    return found;
  }
  const std::shared_ptr<const SegmentView> view = segments_.View();
  std::vector<Location>& locations = found.locations;
  MTS_RETURN_IF_ERROR(ForEachCandidate(
      *view, pattern, view->FirstAfter(narrow_after), [&](const SegmentPtr& segment) -> absl::StatusOr<bool> {
        if (segment->sealed() && segment->sealed_summary().first > narrow_through) {
          return false;
        }
        const SegmentIndex::Query query{pattern, narrow_after, narrow_through, limit - locations.size()};
        MTS_RETURN_IF_ERROR(FindIn(segment, query, locations));
        return locations.size() < limit;
      }));
  if (locations.size() >= limit) found.scanned_through = locations.back().sequence;
  return found;
}

absl::StatusOr<SegmentSet::Location> SegmentSetImpl::FindOne(Sequence sequence) {
  absl::Status missing = absl::NotFoundError("no message with this sequence");
  if (sequence == kNoSequence) return missing;
  const std::shared_ptr<const SegmentView> view = segments_.View();
  const size_t place = view->FirstAfter(Sequence(sequence.value() - 1));
  if (place >= view->segments.size()) return missing;
  const SegmentPtr& segment = view->segments[place];
  std::optional<Hit> hit;
  MTS_RETURN_IF_ERROR(AskIndex(segment, [&](const SegmentIndex& index) -> absl::Status {
    MTS_ASSIGN_OR_RETURN(hit, index.FindOne(sequence));
    return absl::OkStatus();
  }));
  if (!hit) return missing;
  absl::StatusOr<std::shared_ptr<io::File>> file = segment->file()->Get();
  if (!file.ok()) return segment->removed() ? missing : file.status();
  return Location{*std::move(file), segment->number(), segment->identity(), uint64_t{hit->offset8} * kAlignment,
                  sequence};
}

absl::StatusOr<uint64_t> SegmentSetImpl::CountAfter(const Pattern& pattern, Sequence after) {
  Sequence through = kMaxSequence;
  if (!Narrow(pattern, after, through)) return 0;
  const std::shared_ptr<const SegmentView> view = segments_.View();
  uint64_t sum = 0;
  MTS_RETURN_IF_ERROR(
      ForEachCandidate(*view, pattern, view->FirstAfter(after), [&](const SegmentPtr& segment) -> absl::StatusOr<bool> {
        uint64_t count = 0;
        MTS_RETURN_IF_ERROR(AskIndex(segment, [&](const SegmentIndex& index) -> absl::Status {
          MTS_ASSIGN_OR_RETURN(count, index.CountAfter(pattern, after));
          return absl::OkStatus();
        }));
        sum += count;
        return true;
      }));
  return sum;
}

}  // namespace mts::log
