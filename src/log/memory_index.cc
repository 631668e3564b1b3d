#include "log/memory_index.h"

#include <algorithm>
#include <cstdlib>

#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

// Up to so many subjects of a pattern are walked one by one; more of them are looked for in all messages of the range.
constexpr size_t kMaxWalkedSubjects = 16;
// So many messages, and as many again as are wanted, are checked one by one before the subjects of a pattern are looked
// up.
constexpr size_t kMaxCheckedMessages = 1024;

}  // namespace

MemoryIndex::MemoryIndex(SegmentNumber number, uint64_t identity, const Catalogue& catalogue)
    : number_(number),
      catalogue_(catalogue),
      by_subject_(0, EntryHash{&entries_}, EntryEqual{&entries_}),
      by_name_(NameLess{&catalogue}) {
  summary_.number = number;
  summary_.identity = identity;
}

MemoryIndex::~MemoryIndex() = default;

// ---- Adding

void MemoryIndex::Add(absl::Span<const VisibleMessage> messages, Timestamp time) {
  if (messages.empty()) return;
  absl::MutexLock lock(&mutex_);
  if (count_ == 0) {
    summary_.first = messages.front().sequence;
    summary_.first_time = time;
  }
  for (const VisibleMessage& message : messages) AddOne(message);
  summary_.last = messages.back().sequence;
  summary_.last_time = time;
  summary_.messages = count_;
}

void MemoryIndex::AddOne(const VisibleMessage& message) {
  const uint32_t ordinal = count_;
  const uint32_t place = ordinal % kChunkMessages;
  if (place == 0) {
    if (ordinal / kChunkMessages >= kMaxChunks) {
      spdlog::critical("log: more messages in segment {} than a segment can hold", number_.value());
      std::abort();
    }
    chunks_[ordinal / kChunkMessages].reset(new Chunk);
  }
  if (message.sequence.value() != next_sequence_) runs_.push_back({message.sequence.value(), ordinal});
  next_sequence_ = message.sequence.value() + 1;

  const uint32_t index = EntryOf(message.subject);
  Chunk& chunk = *chunks_[ordinal / kChunkMessages];
  chunk.offset8[place] = message.record_offset8;
  chunk.entry[place] = index;
  chunk.next[place].store(kNone, std::memory_order_relaxed);

  Entry& entry = entries_[index];
  if (entry.count == 0) {
    entry.first = ordinal;
  } else {
    chunks_[entry.last / kChunkMessages]->next[entry.last % kChunkMessages].store(ordinal, std::memory_order_relaxed);
    if (entry.count % kSkip == 0) skips_[index].push_back(ordinal);
  }
  entry.last = ordinal;
  ++entry.count;
  entry.payload_bytes += message.payload_bytes;
  summary_.payload_bytes += message.payload_bytes;
  if (message.has_stored_reference) references_.push_back(ordinal);
  ++count_;
}

uint32_t MemoryIndex::EntryOf(SubjectId subject) {
  if (recent_entry_ != kNone && entries_[recent_entry_].subject == subject.value()) return recent_entry_;
  const auto found = by_subject_.find(subject);
  if (found != by_subject_.end()) return recent_entry_ = *found;
  recent_entry_ = static_cast<uint32_t>(entries_.size());
  entries_.emplace_back().subject = subject.value();
  by_subject_.insert(recent_entry_);
  return recent_entry_;
}

void MemoryIndex::Close(uint64_t end) {
  absl::MutexLock lock(&mutex_);
  summary_.end = end;
}

// ---- Finding

uint32_t MemoryIndex::LowerOrdinal(uint64_t sequence) const {
  // The last run that begins at or before the sequence.
  auto run = std::upper_bound(runs_.begin(), runs_.end(), sequence,
                              [](uint64_t value, const Run& r) { return value < r.sequence; });
  if (run == runs_.begin()) return 0;
  const uint32_t run_end = run == runs_.end() ? count_ : run->ordinal;
  --run;
  return static_cast<uint32_t>(std::min<uint64_t>(run_end, run->ordinal + (sequence - run->sequence)));
}

MemoryIndex::OrdinalRange MemoryIndex::RangeOf(Sequence after, Sequence through) const {
  if (after == kMaxSequence) return {count_, count_};
  OrdinalRange range;
  range.begin = LowerOrdinal(after.value() + 1);
  range.end = through == kMaxSequence ? count_ : LowerOrdinal(through.value() + 1);
  return range;
}

MemoryIndex::WalkStart MemoryIndex::StartWalk(uint32_t index, uint32_t begin) const {
  const Entry& entry = entries_[index];
  WalkStart start{entry.first, 0, entry.count};
  const auto skips = skips_.find(index);
  if (skips == skips_.end()) return start;
  const auto next = std::upper_bound(skips->second.begin(), skips->second.end(), begin);
  if (next == skips->second.begin()) return start;
  start.ordinal = *(next - 1);
  start.before = static_cast<uint64_t>(next - skips->second.begin()) * kSkip;
  return start;
}

std::optional<uint32_t> MemoryIndex::FindEntry(const Pattern& pattern) const {
  const std::optional<SubjectId> subject = catalogue_.Find(pattern.base());
  if (!subject) return std::nullopt;
  const auto found = by_subject_.find(*subject);
  if (found == by_subject_.end()) return std::nullopt;
  return *found;
}

void MemoryIndex::Walk(const WalkStart& start, const OrdinalRange& range, size_t limit,
                       std::vector<uint32_t>& ordinals) const {
  // kNone and what was added after the range was taken lie behind its end.
  for (uint32_t ordinal = start.ordinal; ordinal < range.end && limit > 0; ordinal = Next(ordinal)) {
    if (ordinal < range.begin) continue;
    ordinals.push_back(ordinal);
    --limit;
  }
}

void MemoryIndex::FindExact(const Query& query, size_t limit, std::vector<uint32_t>& ordinals) const {
  OrdinalRange range;
  WalkStart start;
  {
    absl::MutexLock lock(&mutex_);
    range = RangeOf(query.after, query.through);
    if (range.begin >= range.end) return;
    const std::optional<uint32_t> entry = FindEntry(query.pattern);
    if (!entry || entries_[*entry].last < range.begin) return;
    start = StartWalk(*entry, range.begin);
  }
  Walk(start, range, limit, ordinals);
}

std::vector<uint32_t> MemoryIndex::EntriesBelow(const Pattern& pattern) const {
  absl::MutexLock names_lock(&names_mutex_);
  std::vector<NamedEntry> missing;
  {
    absl::MutexLock lock(&mutex_);
    for (uint32_t entry = named_entries_; entry < entries_.size(); ++entry) {
      missing.push_back({SubjectId(entries_[entry].subject), entry});
    }
  }
  named_entries_ += static_cast<uint32_t>(missing.size());
  by_name_.insert(missing.begin(), missing.end());

  std::vector<uint32_t> matching;
  const std::string& base = pattern.base();
  if (const auto exact = by_name_.find(std::string_view(base)); exact != by_name_.end())
    matching.push_back(exact->entry);
  const std::string end = base + static_cast<char>('.' + 1);
  for (auto next = by_name_.lower_bound(std::string_view(base + '.'));
       next != by_name_.end() && catalogue_.Name(next->subject) < end; ++next) {
    matching.push_back(next->entry);
  }
  return matching;
}

void MemoryIndex::CheckEach(const Pattern& pattern, const OrdinalRange& range, size_t limit,
                            std::vector<uint32_t>& ordinals) const {
  std::vector<SubjectId> subjects;
  subjects.reserve(range.end - range.begin);
  {
    absl::MutexLock lock(&mutex_);
    for (uint32_t ordinal = range.begin; ordinal < range.end; ++ordinal) {
      subjects.push_back(SubjectId(entries_[ChunkOf(ordinal).entry[ordinal % kChunkMessages]].subject));
    }
  }
  bool matches = false;
  for (size_t i = 0; i < subjects.size() && ordinals.size() < limit; ++i) {
    if (i == 0 || subjects[i] != subjects[i - 1]) matches = pattern.Matches(catalogue_.Name(subjects[i]));
    if (matches) ordinals.push_back(range.begin + static_cast<uint32_t>(i));
  }
}

void MemoryIndex::WalkEach(const std::vector<uint32_t>& entries, const OrdinalRange& range, size_t limit,
                           std::vector<uint32_t>& ordinals) const {
  const size_t before = ordinals.size();
  for (const uint32_t entry : entries) {
    WalkStart start;
    {
      absl::MutexLock lock(&mutex_);
      if (entries_[entry].last < range.begin) continue;
      start = StartWalk(entry, range.begin);
    }
    Walk(start, range, limit - before, ordinals);
  }
  std::sort(ordinals.begin() + static_cast<ptrdiff_t>(before), ordinals.end());
  if (ordinals.size() > limit) ordinals.resize(limit);
}

void MemoryIndex::FindBelow(const Query& query, size_t limit, std::vector<uint32_t>& ordinals) const {
  OrdinalRange range;
  {
    absl::MutexLock lock(&mutex_);
    range = RangeOf(query.after, query.through);
  }
  if (range.begin >= range.end) return;
  // Readers at the tail, and patterns that match much, are done here: they need not know all subjects that match.
  const uint64_t checked_end = range.begin + uint64_t{kMaxCheckedMessages} + std::min(limit, kMaxCheckedMessages);
  const OrdinalRange checked{range.begin, static_cast<uint32_t>(std::min<uint64_t>(range.end, checked_end))};
  CheckEach(query.pattern, checked, limit, ordinals);
  range.begin = checked.end;
  if (range.begin >= range.end || ordinals.size() >= limit) return;

  const std::vector<uint32_t> entries = EntriesBelow(query.pattern);
  if (entries.size() <= kMaxWalkedSubjects) return WalkEach(entries, range, limit, ordinals);
  std::vector<bool> matches(*std::max_element(entries.begin(), entries.end()) + 1);
  for (const uint32_t entry : entries) matches[entry] = true;
  for (uint32_t ordinal = range.begin; ordinal < range.end && ordinals.size() < limit; ++ordinal) {
    const uint32_t entry = ChunkOf(ordinal).entry[ordinal % kChunkMessages];
    if (entry < matches.size() && matches[entry]) ordinals.push_back(ordinal);
  }
}

absl::Status MemoryIndex::Find(const Query& query, std::vector<Hit>& hits) const {
  if (hits.size() >= query.limit) return absl::OkStatus();
  const size_t limit = query.limit - hits.size();
  std::vector<uint32_t> ordinals;
  switch (query.pattern.kind()) {
    case Pattern::Kind::kExact:
      FindExact(query, limit, ordinals);
      break;
    case Pattern::Kind::kBelow:
      FindBelow(query, limit, ordinals);
      break;
    case Pattern::Kind::kAll: {
      absl::MutexLock lock(&mutex_);
      const OrdinalRange range = RangeOf(query.after, query.through);
      for (uint32_t i = range.begin; i < range.end && ordinals.size() < limit; ++i) ordinals.push_back(i);
    }
  }
  AppendHits(ordinals, hits);
  return absl::OkStatus();
}

void MemoryIndex::AppendHits(const std::vector<uint32_t>& ordinals, std::vector<Hit>& hits) const {
  if (ordinals.empty()) return;
  hits.reserve(hits.size() + ordinals.size());
  absl::MutexLock lock(&mutex_);
  auto run = std::upper_bound(runs_.begin(), runs_.end(), ordinals.front(),
                              [](uint32_t ordinal, const Run& r) { return ordinal < r.ordinal; }) -
             1;
  for (const uint32_t ordinal : ordinals) {
    while (run + 1 != runs_.end() && (run + 1)->ordinal <= ordinal) ++run;
    hits.push_back({Sequence(run->sequence + (ordinal - run->ordinal)), offset8(ordinal)});
  }
}

absl::StatusOr<Hit> MemoryIndex::FindOne(Sequence sequence) const {
  const Pattern all = Pattern::All();
  std::vector<Hit> hits;
  if (sequence != kNoSequence) {
    const Query query{all, Sequence(sequence.value() - 1), sequence, 1};
    Find(query, hits).IgnoreError();
  }
  if (hits.empty()) return absl::NotFoundError("no message with this sequence");
  return hits.front();
}

// ---- Counting and describing

uint64_t MemoryIndex::CountEntry(uint32_t index, uint32_t begin) const {
  WalkStart start;
  {
    absl::MutexLock lock(&mutex_);
    if (entries_[index].last < begin) return 0;
    start = StartWalk(index, begin);
  }
  uint64_t before = start.before;
  for (uint32_t ordinal = start.ordinal; ordinal < begin; ordinal = Next(ordinal)) ++before;
  return start.count - before;
}

absl::StatusOr<uint64_t> MemoryIndex::CountAfter(const Pattern& pattern, Sequence after) const {
  OrdinalRange range;
  std::optional<uint32_t> entry;
  {
    absl::MutexLock lock(&mutex_);
    range = RangeOf(after, kMaxSequence);
    if (pattern.exact()) entry = FindEntry(pattern);
  }
  if (pattern.kind() == Pattern::Kind::kAll) return range.end - range.begin;
  if (pattern.exact()) return entry ? CountEntry(*entry, range.begin) : 0;
  uint64_t count = 0;
  for (const uint32_t matching : EntriesBelow(pattern)) count += CountEntry(matching, range.begin);
  return count;
}

absl::Status MemoryIndex::Describe(absl::FunctionRef<void(const SegmentSet::SubjectTotal&)> subject,
                                   absl::FunctionRef<void(const Hit&)> reference) const {
  for (const SubjectPostings& postings : Subjects()) subject({postings.name, postings.count, postings.payload_bytes});
  std::vector<Hit> hits;
  AppendHits(references(), hits);
  for (const Hit& hit : hits) reference(hit);
  return absl::OkStatus();
}

SegmentSummary MemoryIndex::Summary() const {
  absl::MutexLock lock(&mutex_);
  return summary_;
}

std::vector<MemoryIndex::SubjectPostings> MemoryIndex::Subjects() const {
  std::vector<SubjectPostings> subjects;
  {
    absl::MutexLock lock(&mutex_);
    subjects.reserve(entries_.size());
    for (const Entry& entry : entries_) {
      subjects.push_back({catalogue_.Name(SubjectId(entry.subject)), entry.payload_bytes, entry.first, entry.count});
    }
  }
  std::sort(subjects.begin(), subjects.end(),
            [](const SubjectPostings& a, const SubjectPostings& b) { return a.name < b.name; });
  return subjects;
}

bool MemoryIndex::has_gaps() const {
  absl::MutexLock lock(&mutex_);
  return runs_.size() > 1;
}

void MemoryIndex::ForEachSequence(absl::FunctionRef<void(Sequence)> visit) const {
  std::vector<Run> runs;
  uint32_t count = 0;
  {
    absl::MutexLock lock(&mutex_);
    runs = runs_;
    count = count_;
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    const uint32_t end = i + 1 < runs.size() ? runs[i + 1].ordinal : count;
    for (uint32_t ordinal = runs[i].ordinal; ordinal < end; ++ordinal) {
      visit(Sequence(runs[i].sequence + (ordinal - runs[i].ordinal)));
    }
  }
}

std::vector<uint32_t> MemoryIndex::references() const {
  absl::MutexLock lock(&mutex_);
  return references_;
}

uint64_t MemoryIndex::MemoryBytes() const {
  absl::MutexLock names_lock(&names_mutex_);
  absl::MutexLock lock(&mutex_);
  uint64_t bytes = sizeof(*this) + (uint64_t{count_} + kChunkMessages - 1) / kChunkMessages * sizeof(Chunk);
  bytes += entries_.size() * sizeof(Entry) + by_subject_.capacity() * (sizeof(uint32_t) + 1);
  bytes += runs_.capacity() * sizeof(Run) + references_.capacity() * sizeof(uint32_t);
  bytes += by_name_.size() * (sizeof(NamedEntry) + 2);
  for (const auto& [entry, skips] : skips_) bytes += 48 + skips.capacity() * sizeof(uint32_t);
  return bytes;
}

}  // namespace mts::log
