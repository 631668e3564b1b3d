// The index of a sealed segment in its .index file: only the header is in memory, pages come through the cache.
//
// Threading: any thread. Errors and limits: see SegmentIndex.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/block_cache.h"
#include "log/lazy_file.h"
#include "log/name_table.h"
#include "log/paged_file.h"
#include "log/segment_index.h"

namespace mts::log {

class DiskIndex : public SegmentIndex {
 public:
  // Verifies the header and the size of the file, not the rest. NOT_FOUND when there is none.
  static absl::StatusOr<std::shared_ptr<DiskIndex>> Open(OpenFiles& open_files, BlockCache& cache, std::string path);

  absl::Status Find(const Query& query, std::vector<Hit>& hits) const override;
  absl::StatusOr<Hit> FindOne(Sequence sequence) const override;
  absl::StatusOr<uint64_t> CountAfter(const Pattern& pattern, Sequence after) const override;
  absl::Status Describe(absl::FunctionRef<void(const SegmentSet::SubjectTotal&)> subject,
                        absl::FunctionRef<void(const Hit&)> reference) const override;
  SegmentSummary Summary() const override { return SummaryOf(header_); }

  const IndexHeader& header() const { return header_; }
  const PagedFile& file() const { return file_; }
  const NameTable& names() const { return names_; }

 private:
  DiskIndex(OpenFiles& open_files, BlockCache& cache, std::string path, const IndexHeader& header);

  // Ordinals, `end` excluded.
  struct OrdinalRange {
    uint32_t begin = 0;
    uint32_t end = 0;
    bool empty() const { return begin >= end; }
  };
  // How many messages have a sequence <= `sequence`.
  absl::StatusOr<uint32_t> CountThrough(Sequence sequence) const;
  absl::StatusOr<OrdinalRange> RangeOf(Sequence after, Sequence through) const;
  absl::StatusOr<std::vector<PostingItem>> Items(uint64_t first, uint64_t count) const;
  // The index of the first item of the list whose ordinal is not less.
  absl::StatusOr<uint64_t> LowerItem(uint64_t first, uint64_t count, uint32_t ordinal) const;

  absl::Status FindAll(const OrdinalRange& range, size_t limit, std::vector<PostingItem>& found) const;
  absl::Status FindExact(const NameEntry& entry, const OrdinalRange& range, size_t limit,
                         std::vector<PostingItem>& found) const;
  absl::Status FindBelow(const Pattern& pattern, const OrdinalRange& range, size_t limit,
                         std::vector<PostingItem>& found) const;
  // Reads all lists of the ranges, which are short.
  absl::StatusOr<std::vector<PostingItem>> ItemsBelow(const NameRanges& ranges, const OrdinalRange& range) const;
  absl::Status AppendHits(const std::vector<PostingItem>& found, std::vector<Hit>& hits) const;
  absl::StatusOr<uint32_t> ReadNumber(uint64_t section, uint64_t index) const;
  absl::Status Damaged(std::string_view what) const;

  const IndexHeader header_;
  PagedFile file_;
  NameTable names_;
};

}  // namespace mts::log
