// Where the messages of one segment lie: in memory (MemoryIndex) while it grows and until its .index is written, on
// disk (DiskIndex) afterwards.
//
// Threading: any thread; MemoryIndex says who may add. Errors: DATA_LOSS when the index on disk is damaged or gone (it
// can be made again), those of the file system. Limits: less than 2^32 messages, sequences less than 2^32 apart, in one
// segment.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/segment_set.h"
#include "model/sequence.h"
#include "model/subject.h"

namespace mts::log {

// A message that was found.
struct Hit {
  Sequence sequence;
  uint32_t offset8 = 0;  // of its record / 8
};

class SegmentIndex {
 public:
  virtual ~SegmentIndex() = default;

  // What is asked for: messages that match with after < sequence <= through, until there are `limit` hits in all.
  struct Query {
    const Pattern& pattern;
    Sequence after;
    Sequence through;
    size_t limit;
  };
  // Appends in sequence order.
  virtual absl::Status Find(const Query& query, std::vector<Hit>& hits) const = 0;
  // NOT_FOUND when there is none with this sequence.
  virtual absl::StatusOr<Hit> FindOne(Sequence sequence) const = 0;
  virtual absl::StatusOr<uint64_t> CountAfter(const Pattern& pattern, Sequence after) const = 0;
  virtual absl::Status Describe(absl::FunctionRef<void(const SegmentSet::SubjectTotal&)> subject,
                                absl::FunctionRef<void(const Hit&)> reference) const = 0;
  virtual SegmentSummary Summary() const = 0;
};

}  // namespace mts::log
