#include "log/recovery_recount.h"

#include <memory>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/disk_index.h"

namespace mts::log {
namespace {

constexpr uint64_t kCacheBytes = 1 * limits::kMiB;

struct Total {
  SubjectId subject;
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;
};

}  // namespace

absl::StatusOr<SegmentSummary> CountSegmentByIndex(io::FileSystem& files, const std::string& path, uint64_t identity,
                                                   Catalogue& catalogue) {
  OpenFiles open_files(files, 1);
  BlockCache cache(kCacheBytes);
  MTS_ASSIGN_OR_RETURN(const std::shared_ptr<DiskIndex> index, DiskIndex::Open(open_files, cache, path));
  const SegmentSummary summary = index->Summary();
  if (summary.identity != identity) return absl::DataLossError(Concat(path, ": is of another segment"));

  // Counted at the end, because the index may turn out to be damaged on the way.
  std::vector<Total> totals;
  absl::Status full;
  MTS_RETURN_IF_ERROR(index->Describe(
      [&](const SegmentSet::SubjectTotal& total) {
        const absl::StatusOr<SubjectId> subject = catalogue.FindOrCreate(total.subject);
        if (!subject.ok()) {
          full = subject.status();
        } else {
          totals.push_back({*subject, total.messages, total.payload_bytes});
        }
      },
      [](const Hit&) {}));
  MTS_RETURN_IF_ERROR(full);
  for (const Total& total : totals) {
    catalogue.CountSegment(total.subject, total.messages, total.payload_bytes, summary.first, summary.last,
                           summary.last_time);
  }
  return summary;
}

}  // namespace mts::log
