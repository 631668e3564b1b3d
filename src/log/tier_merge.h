// Merges the name tables of segments, or of tiers, into one tier: a pass through all of them side by side.
//
// Threading: one thread. Errors: DATA_LOSS from a damaged input, with the number of the input; those of the file
// system. No half file is left under the final name. Limits: some 64 KiB buffers an input, 2 MiB, and 8 bytes a name.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "io/file_system.h"
#include "log/disk_index.h"
#include "log/tier.h"

namespace mts::log {

// What lies in neighbouring ranges, ascending; each is one of both.
struct MergeInput {
  std::shared_ptr<DiskIndex> segment;
  std::shared_ptr<Tier> tier;
};

struct MergePlan {
  std::vector<MergeInput> inputs;
  uint64_t level = 0;   // of the result
  SegmentNumber front;  // segments before it are gone and left out
  SegmentNumber first() const;
  SegmentNumber last() const;
};

struct MergeResult {
  absl::Status status;
  size_t failed_input = 0;  // when the status is DATA_LOSS; the number of inputs: none of them
  std::string path;
};
// `stop` ends it with CANCELLED.
MergeResult MergeTier(io::FileSystem& files, const std::string& directory, const MergePlan& plan,
                      const std::atomic<bool>& stop);

}  // namespace mts::log
