// The live segments in order, each with its file and an index: in memory while it is active or not yet indexed on disk,
// from its .index file afterwards. Tiers (merged subject lists of many segments) are kept beside them.
//
// Life: the commit thread opens a segment (Open), adds messages group by group when they are durable (Add), seals it
// (Seal). A background thread then writes its .index, swaps the memory index for it, and merges tiers. RemoveFront
// takes the oldest sealed segment out of sight; readers that hold it keep its file open.
//
// Threading: Open, Add, Seal, RemoveFront by the commit thread (recovery before it starts); everything else from any
// thread. Readers take a snapshot and never block the writer for longer than a copy of a vector. Errors: an index that
// cannot be read is reported, made again from the segment, and never hides a message. Limits: at most
// kMaxUnindexedSegments memory indexes; beyond them Seal waits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "io/file_system.h"
#include "log/catalogue.h"
#include "log/format.h"
#include "model/subject.h"

namespace mts::log {

inline constexpr int kMaxUnindexedSegments = 4;

// What is known of a segment without reading it.
struct SegmentSummary {
  SegmentNumber number;
  uint64_t identity = 0;
  Sequence first;  // of its messages; kNoSequence: none
  Sequence last;
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;
  uint64_t end = 0;  // offset behind its last group
  Timestamp first_time;
  Timestamp last_time;
};

class SegmentSet {
 public:
  struct Options {
    io::FileSystem* files = nullptr;
    std::string directory;                 // data/log
    const Catalogue* catalogue = nullptr;  // names of ids for index files
    uint64_t cache_bytes = 32 << 20;       // of index parts in memory
  };
  static absl::StatusOr<std::unique_ptr<SegmentSet>> Create(Options options);
  virtual ~SegmentSet() = default;

  // ---- The commit thread, or recovery
  // A sealed segment found at start that has a usable .index; NOT_FOUND or DATA_LOSS when it has none: then recovery
  // scans the segment and calls OpenSegment, Add and Seal.
  virtual absl::Status AdoptIndexed(const SegmentSummary& summary) = 0;
  // The new last segment; `file` is shared with the writer.
  virtual void OpenSegment(SegmentNumber number, uint64_t identity, std::shared_ptr<io::File> file) = 0;
  // Durable messages of the last segment, in order. Their sequences ascend and may have gaps.
  virtual void Add(absl::Span<const VisibleMessage> messages, Timestamp time) = 0;
  // The last segment is full and synced up to `end`. May wait for the indexer (see kMaxUnindexedSegments).
  virtual void Seal(uint64_t end) = 0;

  // Where a message lies.
  struct Location {
    std::shared_ptr<io::File> file;
    SegmentNumber segment;
    uint64_t identity = 0;
    uint64_t offset = 0;  // of the record
    Sequence sequence;
  };

  // One per subject of a segment that is about to be removed; from its index.
  struct SubjectTotal {
    std::string_view subject;
    uint64_t messages;
    uint64_t payload_bytes;
  };
  // What the oldest segment holds; FAILED_PRECONDITION if it is the active one. `reference` gets each message
  // with a payload file.
  virtual absl::Status DescribeFront(absl::FunctionRef<void(const SubjectTotal&)> subject,
                                     absl::FunctionRef<void(const Location&)> reference) = 0;
  // Takes it out; answers its file when nobody else holds it (it may be recycled), else nothing (unlink it).
  virtual std::shared_ptr<io::File> RemoveFront() = 0;

  // ---- Any thread
  virtual std::vector<SegmentSummary> Summaries() const = 0;  // oldest first, the active one last
  virtual std::optional<SegmentSummary> Front() const = 0;
  virtual uint64_t segment_count() const = 0;
  // Waits until every sealed segment has its .index and no merge is due (tests, Shutdown).
  virtual void FinishIndexing() = 0;

  // Where messages lie. All in sequence order, `after` excluded, at most `limit` of them and none behind `through`.
  struct Found {
    std::vector<Location> locations;
    Sequence scanned_through;  // nothing else matches up to here
  };
  virtual absl::StatusOr<Found> Find(const Pattern& pattern, Sequence after, Sequence through, uint32_t limit) = 0;
  // The one with exactly this sequence; NOT_FOUND.
  virtual absl::StatusOr<Location> FindOne(Sequence sequence) = 0;
  // Messages that match after `after`.
  virtual absl::StatusOr<uint64_t> CountAfter(const Pattern& pattern, Sequence after) = 0;
  // Damaged spots met in index files since start.
  virtual uint64_t damaged_indexes() const = 0;
};

}  // namespace mts::log
