// The fields of index files, of segments and of tiers (docs/log_format.md, "Index"), without the pages that carry them.
//
// Threading: pure functions and values. Errors: DATA_LOSS for what is not such a header, FAILED_PRECONDITION for a
// version from the future. Limits: names of at most limits::kMaxSubjectBytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "log/format.h"
#include "log/segment_set.h"
#include "model/sequence.h"

namespace mts::log {

inline constexpr uint32_t kIndexVersion = 1;
enum class IndexKind : uint32_t { kSegment = 1, kTier = 2 };

// Where the parts of a name table lie, as content offsets.
struct NameTableLayout {
  uint64_t names = 0;
  uint64_t lists_at = 0;
  uint64_t list_items = 0;  // of all lists
  uint64_t names_at = 0;
  uint64_t names_bytes = 0;
  uint64_t entries_at = 0;
  uint64_t slots_at = 0;
  uint64_t slots = 0;  // all of them
  uint64_t homes = 0;  // those where a name's search can begin
};

struct IndexHeader {
  IndexKind kind = IndexKind::kSegment;
  uint64_t identity = 0;      // of the segment; 0 in a tier
  SegmentNumber number;       // of the segment; in a tier the first one
  SegmentNumber last_number;  // in a tier the last one; else the same
  uint64_t level = 0;         // of a tier, from 1
  uint64_t messages = 0;
  Sequence first;
  Sequence last;
  Timestamp first_time;
  Timestamp last_time;
  uint64_t end = 0;  // offset behind the last group
  uint64_t payload_bytes = 0;
  uint64_t offsets_at = 0;     // 4 bytes a message: record offset / 8
  uint64_t sequences_at = 0;   // 4 bytes a message: sequence - first; 0: no gaps
  uint64_t references_at = 0;  // 4 bytes an ordinal
  uint64_t references = 0;
  uint64_t members_at = 0;  // of a tier: 16 bytes a segment
  uint64_t members = 0;
  uint64_t content_end = 0;  // content bytes of the file
  NameTableLayout table;
};
std::string EncodeIndexHeader(const IndexHeader& header);
absl::StatusOr<IndexHeader> DecodeIndexHeader(std::string_view first_page);
SegmentSummary SummaryOf(const IndexHeader& header);

// One message in a segment's posting list. What a list of a tier holds is a segment number minus the first one: 4
// bytes.
struct PostingItem {
  uint32_t ordinal = 0;  // of the message in its segment, from 0
  uint32_t offset8 = 0;  // of its record / 8
};
static_assert(sizeof(PostingItem) == 8);
inline constexpr uint64_t kTierItemBytes = 4;
inline constexpr uint64_t ListItemBytes(IndexKind kind) {
  return kind == IndexKind::kSegment ? sizeof(PostingItem) : kTierItemBytes;
}

struct NameEntry {
  uint64_t name_offset = 0;  // from the beginning of the names
  uint32_t name_length = 0;
  uint32_t list_length = 0;    // items
  uint64_t list_first = 0;     // index of its first item among all
  uint64_t payload_bytes = 0;  // of the subject; 0 in a tier
};
inline constexpr uint64_t kNameEntryBytes = 32;
void EncodeNameEntry(const NameEntry& entry, char* to);
NameEntry DecodeNameEntry(const char* from);

// The slots are a hash table sorted by hash: a name's search begins at its home and goes on while hashes are not
// greater.
struct NameSlot {
  uint32_t hash = 0;
  uint32_t rank = kNoRank;  // index of the entry
  static constexpr uint32_t kNoRank = UINT32_MAX;
};
static_assert(sizeof(NameSlot) == 8);
uint32_t HashSubjectName(std::string_view name);
inline uint64_t HomeSlot(uint32_t hash, uint64_t homes) { return (uint64_t{hash} * homes) >> 32; }

// One segment that a tier covers.
struct TierMember {
  SegmentNumber number;
  uint64_t identity = 0;
};
inline constexpr uint64_t kTierMemberBytes = 16;

std::string TierFileName(SegmentNumber first, SegmentNumber last);
bool IsTierFileName(std::string_view name);

}  // namespace mts::log
