// The one implementation of SegmentSet. The commit thread's side is in segment_set_impl.cc, the readers' in
// segment_set_queries.cc.
//
// Threading, errors and limits: see SegmentSet.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "log/indexer.h"
#include "log/segment_list.h"
#include "log/segment_set.h"

namespace mts::log {

class SegmentSetImpl : public SegmentSet {
 public:
  explicit SegmentSetImpl(Options options);
  // Takes up what earlier lives left in the directory.
  absl::Status Start();

  absl::Status AdoptIndexed(const SegmentSummary& summary) override;
  void OpenSegment(SegmentNumber number, uint64_t identity, std::shared_ptr<io::File> file) override;
  void Add(absl::Span<const VisibleMessage> messages, Timestamp time) override;
  void Seal(uint64_t end) override;
  absl::Status DescribeFront(absl::FunctionRef<void(const SubjectTotal&)> subject,
                             absl::FunctionRef<void(const Location&)> reference) override;
  std::shared_ptr<io::File> RemoveFront() override;

  std::vector<SegmentSummary> Summaries() const override;
  std::optional<SegmentSummary> Front() const override;
  uint64_t segment_count() const override;
  void FinishIndexing() override;
  absl::StatusOr<Found> Find(const Pattern& pattern, Sequence after, Sequence through, uint32_t limit) override;
  absl::StatusOr<Location> FindOne(Sequence sequence) override;
  absl::StatusOr<uint64_t> CountAfter(const Pattern& pattern, Sequence after) override;
  uint64_t damaged_indexes() const override { return indexer_.damaged(); }

 private:
  using SegmentPtr = std::shared_ptr<Segment>;

  std::string PathOf(const std::string& name) const { return io::JoinPath(options_.directory, name); }
  void Append(SegmentPtr segment);

  // Calls `ask` with the segment's index; when that is damaged, again with the one made anew. Nothing is asked of a
  // segment that was removed meanwhile.
  absl::Status AskIndex(const SegmentPtr& segment, absl::FunctionRef<absl::Status(const SegmentIndex&)> ask);
  // Calls `visit` with each segment from place `begin` on that may hold a match, until it answers false.
  absl::Status ForEachCandidate(const SegmentView& view, const Pattern& pattern, size_t begin,
                                absl::FunctionRef<absl::StatusOr<bool>(const SegmentPtr&)> visit);
  // What the catalogue knows of a single subject narrows the search; false: there is nothing to find.
  bool Narrow(const Pattern& pattern, Sequence& after, Sequence& through) const;
  absl::Status FindIn(const SegmentPtr& segment, const SegmentIndex::Query& query, std::vector<Location>& locations);

  const Options options_;
  OpenFiles open_files_;
  BlockCache cache_;
  SegmentList segments_;
  Indexer indexer_;
  // The commit thread's own.
  std::shared_ptr<MemoryIndex> active_;
  std::shared_ptr<LazyFile> active_file_;
  Sequence last_upper_;  // of the sealed segments
};

}  // namespace mts::log
