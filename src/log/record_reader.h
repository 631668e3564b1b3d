// Brings the messages at given places of the log into memory: neighbouring records with one read, each checked by its
// checksums. A record that cannot be read is reported, counted and left out; the others come (promise P8).
//
// Threading: any thread. Errors: INTERNAL from the disk. Limits: buffers follow the request's max_bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "log/segment_set.h"
#include "store/message_store.h"

namespace mts::log {

struct ReadLimits {
  uint64_t max_bytes = UINT64_MAX;         // of records; the first always fits
  uint64_t max_inline_bytes = UINT64_MAX;  // longer payloads are left out
};

class RecordReader {
 public:
  // Messages in the order of `locations`; `read` is how many of these were looked at before max_bytes was reached.
  struct Result {
    store::MessageBlockPtr block;
    size_t read = 0;
  };
  absl::StatusOr<Result> Read(absl::Span<const SegmentSet::Location> locations, const ReadLimits& limits);

  uint64_t damaged_records() const { return damaged_.load(std::memory_order_relaxed); }

 private:
  class Block;

  absl::Status ReadRun(absl::Span<const SegmentSet::Location> run, const ReadLimits& limits, Block& block);
  absl::Status ReadAlone(const SegmentSet::Location& location, const ReadLimits& limits, Block& block);
  void ReportDamage(const SegmentSet::Location& location, const char* what);

  std::atomic<uint64_t> damaged_{0};
};

}  // namespace mts::log
