// The index of a segment in memory: the active one, and sealed ones until their file is written.
//
// Each message has its record's offset, its subject's entry and the next message of the same subject; each subject has
// an entry, and every 64th message of it is remembered, so that a search begins close to where it ends.
//
// Threading: Add and Close by one thread; the rest by any. Readers hold the lock for a look-up, never for a walk.
// Errors: none but NOT_FOUND of FindOne. Limits: 12 bytes a message and about 35 a subject that has messages in the
// segment: below 16 bytes a message from 9 messages a subject on; 16 more for each gap in the sequences.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "log/catalogue.h"
#include "log/segment_index.h"

namespace mts::log {

class MemoryIndex : public SegmentIndex {
 public:
  MemoryIndex(SegmentNumber number, uint64_t identity, const Catalogue& catalogue);
  ~MemoryIndex() override;

  void Add(absl::Span<const VisibleMessage> messages, Timestamp time);
  // The segment is full up to `end`.
  void Close(uint64_t end);

  absl::Status Find(const Query& query, std::vector<Hit>& hits) const override;
  absl::StatusOr<Hit> FindOne(Sequence sequence) const override;
  absl::StatusOr<uint64_t> CountAfter(const Pattern& pattern, Sequence after) const override;
  absl::Status Describe(absl::FunctionRef<void(const SegmentSet::SubjectTotal&)> subject,
                        absl::FunctionRef<void(const Hit&)> reference) const override;
  SegmentSummary Summary() const override;

  // ---- For the writer of the index file, after Close
  struct SubjectPostings {
    std::string_view name;
    uint64_t payload_bytes;
    uint32_t first;  // ordinal
    uint32_t count;
  };
  // Sorted by name.
  std::vector<SubjectPostings> Subjects() const;
  uint32_t offset8(uint32_t ordinal) const { return ChunkOf(ordinal).offset8[ordinal % kChunkMessages]; }
  // The next message of the same subject; kNone: there is none.
  uint32_t Next(uint32_t ordinal) const {
    return ChunkOf(ordinal).next[ordinal % kChunkMessages].load(std::memory_order_relaxed);
  }
  bool has_gaps() const;
  void ForEachSequence(absl::FunctionRef<void(Sequence)> visit) const;
  std::vector<uint32_t> references() const;
  static constexpr uint32_t kNone = UINT32_MAX;

  // Of everything here.
  uint64_t MemoryBytes() const;

 private:
  static constexpr uint32_t kChunkMessages = 16384;
  // Enough for the smallest records in the largest segment.
  static constexpr size_t kMaxChunks = 2048;
  static constexpr uint32_t kSkip = 64;

  struct Chunk {
    std::array<uint32_t, kChunkMessages> offset8;
    std::array<uint32_t, kChunkMessages> entry;
    std::array<std::atomic<uint32_t>, kChunkMessages> next;
  };
  struct Entry {
    uint64_t payload_bytes = 0;
    uint32_t subject = 0;
    uint32_t count = 0;
    uint32_t first = kNone;
    uint32_t last = kNone;
  };
  // Sequences without a gap from here on.
  struct Run {
    uint64_t sequence;
    uint32_t ordinal;
  };
  struct EntryHash {
    using is_transparent = void;
    const std::deque<Entry>* entries;
    size_t operator()(uint32_t entry) const { return (*this)(SubjectId((*entries)[entry].subject)); }
    size_t operator()(SubjectId subject) const { return absl::HashOf(subject.value()); }
  };
  struct EntryEqual {
    using is_transparent = void;
    const std::deque<Entry>* entries;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t entry, SubjectId subject) const { return (*entries)[entry].subject == subject.value(); }
    bool operator()(SubjectId subject, uint32_t entry) const { return (*this)(entry, subject); }
  };
  struct NamedEntry {
    SubjectId subject;
    uint32_t entry;
  };
  struct NameLess {
    using is_transparent = void;
    const Catalogue* catalogue;
    bool operator()(const NamedEntry& a, const NamedEntry& b) const {
      return catalogue->Name(a.subject) < catalogue->Name(b.subject);
    }
    bool operator()(const NamedEntry& a, std::string_view b) const { return catalogue->Name(a.subject) < b; }
    bool operator()(std::string_view a, const NamedEntry& b) const { return a < catalogue->Name(b.subject); }
  };
  // Ordinals, `end` excluded.
  struct OrdinalRange {
    uint32_t begin = 0;
    uint32_t end = 0;
  };
  // Where a walk along one subject's messages begins, and how many of them lie before.
  struct WalkStart {
    uint32_t ordinal = kNone;
    uint64_t before = 0;
    uint64_t count = 0;  // of all messages
  };

  const Chunk& ChunkOf(uint32_t ordinal) const { return *chunks_[ordinal / kChunkMessages]; }
  void AddOne(const VisibleMessage& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint32_t EntryOf(SubjectId subject) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The first ordinal whose sequence is not less.
  uint32_t LowerOrdinal(uint64_t sequence) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  OrdinalRange RangeOf(Sequence after, Sequence through) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  WalkStart StartWalk(uint32_t entry, uint32_t begin) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<uint32_t> FindEntry(const Pattern& pattern) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Appends up to `limit` ordinals of the range.
  void Walk(const WalkStart& start, const OrdinalRange& range, size_t limit, std::vector<uint32_t>& ordinals) const;
  void FindExact(const Query& query, size_t limit, std::vector<uint32_t>& ordinals) const;
  // These append until there are `limit` ordinals.
  void FindBelow(const Query& query, size_t limit, std::vector<uint32_t>& ordinals) const;
  void CheckEach(const Pattern& pattern, const OrdinalRange& range, size_t limit,
                 std::vector<uint32_t>& ordinals) const;
  void WalkEach(const std::vector<uint32_t>& entries, const OrdinalRange& range, size_t limit,
                std::vector<uint32_t>& ordinals) const;
  uint64_t CountEntry(uint32_t entry, uint32_t begin) const;
  // Entries whose subjects match `a.b.*`.
  std::vector<uint32_t> EntriesBelow(const Pattern& pattern) const;
  void AppendHits(const std::vector<uint32_t>& ordinals, std::vector<Hit>& hits) const;

  const SegmentNumber number_;
  const Catalogue& catalogue_;

  // A chunk's bytes below the count never change, but for `next`; whoever saw the count under the lock may read them.
  std::array<std::unique_ptr<Chunk>, kMaxChunks> chunks_;

  mutable absl::Mutex mutex_;
  uint32_t count_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t recent_entry_ ABSL_GUARDED_BY(mutex_) = kNone;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<uint32_t, EntryHash, EntryEqual> by_subject_ ABSL_GUARDED_BY(mutex_);
  // Of entries with more than kSkip messages: the ordinals of number 64, 128, ... of the subject, counted from 0.
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> skips_ ABSL_GUARDED_BY(mutex_);
  std::vector<Run> runs_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint32_t> references_ ABSL_GUARDED_BY(mutex_);
  SegmentSummary summary_ ABSL_GUARDED_BY(mutex_);

  // Made by the first reader of a pattern, and only as far as entries went then.
  mutable absl::Mutex names_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  mutable absl::btree_set<NamedEntry, NameLess> by_name_ ABSL_GUARDED_BY(names_mutex_);
  mutable uint32_t named_entries_ ABSL_GUARDED_BY(names_mutex_) = 0;
};

}  // namespace mts::log
