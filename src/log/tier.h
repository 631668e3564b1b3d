// Which subjects lie in which of many neighbouring segments: a name table whose lists are segment numbers, merged from
// the indexes of eight segments or from eight tiers. What a tier says is never too little for the segments that it
// covers; it may name segments that are gone.
//
// Threading: any thread. Errors: DATA_LOSS when it is damaged or gone: then the segments are asked one by one. Limits:
// see PagedFile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/block_cache.h"
#include "log/index_format.h"
#include "log/lazy_file.h"
#include "log/name_table.h"
#include "log/paged_file.h"
#include "model/subject.h"

namespace mts::log {

class Tier {
 public:
  static absl::StatusOr<std::shared_ptr<Tier>> Open(OpenFiles& open_files, BlockCache& cache, std::string path);

  SegmentNumber first() const { return header_.number; }
  SegmentNumber last() const { return header_.last_number; }
  bool Covers(SegmentNumber number) const { return first() <= number && number <= last(); }
  // True when it was made with this very segment.
  bool Has(SegmentNumber number, uint64_t identity) const;
  const std::vector<TierMember>& members() const { return members_; }
  uint64_t level() const { return header_.level; }

  // The covered segments from `from` on that may hold a match, ascending.
  absl::StatusOr<std::vector<SegmentNumber>> Candidates(const Pattern& pattern, SegmentNumber from) const;

  const IndexHeader& header() const { return header_; }
  const PagedFile& file() const { return file_; }
  const std::string& path() const { return file_.path(); }

 private:
  Tier(OpenFiles& open_files, BlockCache& cache, std::string path, const IndexHeader& header);
  absl::Status LoadMembers();
  uint64_t span() const { return last().value() - first().value() + 1; }
  absl::Status ReadNumbers(const ItemRange& items, std::vector<uint32_t>& numbers) const;
  absl::StatusOr<std::vector<uint32_t>> NumbersBelow(const Pattern& pattern) const;

  const IndexHeader header_;
  PagedFile file_;
  NameTable names_;
  std::vector<TierMember> members_;
};

}  // namespace mts::log
