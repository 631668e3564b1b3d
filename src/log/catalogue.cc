#include "log/catalogue.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::log {
namespace {

constexpr uint32_t kEntriesPerChunk = 1024;
constexpr size_t kNameBlockBytes = 64 * limits::kKiB;
// Names walked under one hold of the lock.
constexpr size_t kWalkStep = 512;

struct Entry {
  const char* name = nullptr;
  uint32_t name_hash = 0;
  uint16_t name_length = 0;
  Sequence accepted_last;  // the commit thread's own
  Sequence first;          // from here on under the lock
  Sequence last;
  uint64_t messages = 0;
  uint64_t bytes = 0;
  Timestamp first_time;
  Timestamp last_time;

  std::string_view Name() const { return {name, name_length}; }
};
// The other 28 of 100 bytes are for the two sets below: 5 to 12 and 5 to 8 bytes a subject.
static_assert(sizeof(Entry) == 72);

uint32_t HashName(std::string_view name) { return static_cast<uint32_t>(absl::HashOf(ToAbsl(name))); }

// Entries at addresses that never change, and their names.
class EntryTable {
 public:
  explicit EntryTable(uint64_t max_entries) : max_entries_(std::min<uint64_t>(max_entries, UINT32_MAX)) {
    chunks_.resize((max_entries_ + kEntriesPerChunk - 1) / kEntriesPerChunk);
  }

  bool full() const { return size_ >= max_entries_; }
  uint32_t size() const { return size_; }
  Entry& at(uint32_t id) { return chunks_[id / kEntriesPerChunk][id % kEntriesPerChunk]; }
  const Entry& at(uint32_t id) const { return chunks_[id / kEntriesPerChunk][id % kEntriesPerChunk]; }

  uint32_t Append(std::string_view name, uint32_t hash) {
    const uint32_t id = size_;
    auto& chunk = chunks_[id / kEntriesPerChunk];
    if (!chunk) chunk = std::make_unique<Entry[]>(kEntriesPerChunk);
    Entry& entry = chunk[id % kEntriesPerChunk];
    entry.name = KeepName(name);
    entry.name_length = static_cast<uint16_t>(name.size());
    entry.name_hash = hash;
    ++size_;
    return id;
  }

 private:
  const char* KeepName(std::string_view name) {
    if (name_space_ < name.size()) {
      name_space_ = std::max(kNameBlockBytes, name.size());
      name_blocks_.push_back(std::make_unique_for_overwrite<char[]>(name_space_));
      next_name_ = name_blocks_.back().get();
    }
    char* const kept = next_name_;
    std::memcpy(kept, name.data(), name.size());
    next_name_ += name.size();
    name_space_ -= name.size();
    return kept;
  }

  uint64_t max_entries_;
  uint32_t size_ = 0;
  // Sized once: a reader that was given an id may look its name up while other entries are added.
  std::vector<std::unique_ptr<Entry[]>> chunks_;
  std::vector<std::unique_ptr<char[]>> name_blocks_;
  char* next_name_ = nullptr;
  size_t name_space_ = 0;
};

struct HashedName {
  std::string_view name;
  uint32_t hash;
};

struct IdHash {
  using is_transparent = void;
  const EntryTable* entries;
  size_t operator()(uint32_t id) const { return entries->at(id).name_hash; }
  size_t operator()(const HashedName& key) const { return key.hash; }
};

struct IdEqual {
  using is_transparent = void;
  const EntryTable* entries;
  bool operator()(uint32_t a, uint32_t b) const { return a == b; }
  bool operator()(uint32_t id, const HashedName& key) const {
    return entries->at(id).name_hash == key.hash && entries->at(id).Name() == key.name;
  }
  bool operator()(const HashedName& key, uint32_t id) const { return (*this)(id, key); }
};

struct NameOrder {
  using is_transparent = void;
  const EntryTable* entries;
  bool operator()(uint32_t a, uint32_t b) const { return entries->at(a).Name() < entries->at(b).Name(); }
  bool operator()(uint32_t id, std::string_view name) const { return entries->at(id).Name() < name; }
  bool operator()(std::string_view name, uint32_t id) const { return name < entries->at(id).Name(); }
};

store::SubjectState ToState(const Entry& entry) {
  store::SubjectState state;
  state.subject = std::string(entry.Name());
  state.first = entry.first;
  state.last = entry.last;
  state.messages = entry.messages;
  state.bytes = entry.bytes;
  state.first_time = entry.first_time;
  state.last_time = entry.last_time;
  return state;
}

}  // namespace

struct Catalogue::Implementation {
  explicit Implementation(uint64_t max_subjects)
      : entries(max_subjects), by_hash(0, IdHash{&entries}, IdEqual{&entries}), by_name(NameOrder{&entries}) {}

  std::optional<uint32_t> FindId(const HashedName& key) const ABSL_SHARED_LOCKS_REQUIRED(mutex) {
    const auto found = by_hash.find(key);
    if (found == by_hash.end()) return std::nullopt;
    return *found;
  }
  // For the commit thread: only it changes by_hash, so it needs no lock to read it.
  std::optional<uint32_t> FindIdAsWriter(const HashedName& key) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return FindId(key);
  }
  const Entry* FindVisible(std::string_view subject, uint32_t* id) const ABSL_SHARED_LOCKS_REQUIRED(mutex) {
    const auto found = FindId({subject, HashName(subject)});
    if (!found || entries.at(*found).last == kNoSequence) return nullptr;
    *id = *found;
    return &entries.at(*found);
  }

  uint32_t Create(const HashedName& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    recent_id = entries.Append(key.name, key.hash);
    by_hash.insert(recent_id);
    return recent_id;
  }
  absl::Status CheckNotFull(std::string_view subject) const {
    if (!entries.full()) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        Concat("subject ", subject, ": there are ", entries.size(), " subjects already (max_subjects)"));
  }

  void BecomesVisible(uint32_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    // At the end is where a checkpoint's subjects go, one after the other.
    by_name.insert(by_name.end(), id);
  }

  // Calls `visit` for visible matching ids with names behind `after`, in name order, at most `limit` times.
  size_t Walk(const Pattern& pattern, std::string_view after, size_t limit,
              absl::FunctionRef<void(uint32_t)> visit) const ABSL_SHARED_LOCKS_REQUIRED(mutex);

  EntryTable entries;
  // The commit thread's: the subject it saw last.
  uint32_t recent_id = 0;

  mutable absl::Mutex mutex;
  absl::flat_hash_set<uint32_t, IdHash, IdEqual> by_hash ABSL_GUARDED_BY(mutex);
  absl::btree_set<uint32_t, NameOrder> by_name ABSL_GUARDED_BY(mutex);  // visible ones
  uint64_t messages ABSL_GUARDED_BY(mutex) = 0;
  uint64_t bytes ABSL_GUARDED_BY(mutex) = 0;
  Sequence last ABSL_GUARDED_BY(mutex);
};

size_t Catalogue::Implementation::Walk(const Pattern& pattern, std::string_view after, size_t limit,
                                       absl::FunctionRef<void(uint32_t)> visit) const {
  size_t visited = 0;
  if (limit == 0) return 0;
  std::string prefix;
  if (pattern.kind() != Pattern::Kind::kAll) {
    uint32_t id = 0;
    if (pattern.base() > after && FindVisible(pattern.base(), &id) != nullptr) {
      visit(id);
      ++visited;
    }
    if (pattern.exact()) return visited;
    prefix = Concat(pattern.base(), ".");
  }
  auto next =
      after < std::string_view(prefix) ? by_name.lower_bound(std::string_view(prefix)) : by_name.upper_bound(after);
  for (; next != by_name.end() && visited < limit; ++next) {
    if (!entries.at(*next).Name().starts_with(prefix)) break;
    visit(*next);
    ++visited;
  }
  return visited;
}

Catalogue::Catalogue(uint64_t max_subjects) : implementation_(std::make_unique<Implementation>(max_subjects)) {}
Catalogue::~Catalogue() = default;

absl::StatusOr<SubjectId> Catalogue::FindOrCreate(std::string_view subject) {
  Implementation& own = *implementation_;
  if (own.entries.size() > 0 && own.entries.at(own.recent_id).Name() == subject) return SubjectId(own.recent_id);
  const HashedName key{subject, HashName(subject)};
  if (const auto found = own.FindIdAsWriter(key)) {
    own.recent_id = *found;
    return SubjectId(*found);
  }
  MTS_RETURN_IF_ERROR(own.CheckNotFull(subject));
  absl::MutexLock lock(&own.mutex);
  return SubjectId(own.Create(key));
}

Sequence Catalogue::accepted_last(SubjectId id) const { return implementation_->entries.at(id.value()).accepted_last; }

void Catalogue::Accept(SubjectId id, Sequence sequence) {
  implementation_->entries.at(id.value()).accepted_last = sequence;
}

void Catalogue::MakeVisible(absl::Span<const VisibleMessage> messages, Timestamp time) {
  if (messages.empty()) return;
  Implementation& own = *implementation_;
  absl::MutexLock lock(&own.mutex);
  uint64_t all_bytes = 0;
  for (size_t next = 0; next < messages.size();) {
    const SubjectId subject = messages[next].subject;
    const Sequence first = messages[next].sequence;
    const size_t begin = next;
    uint64_t bytes = 0;
    for (; next < messages.size() && messages[next].subject == subject; ++next) bytes += messages[next].payload_bytes;
    const Sequence last = messages[next - 1].sequence;

    Entry& entry = own.entries.at(subject.value());
    if (entry.last == kNoSequence) own.BecomesVisible(subject.value());
    if (entry.messages == 0) {
      entry.first = first;
      entry.first_time = time;
    }
    entry.last = std::max(entry.last, last);
    entry.last_time = std::max(entry.last_time, time);
    entry.messages += next - begin;
    entry.bytes += bytes;
    all_bytes += bytes;
  }
  own.messages += messages.size();
  own.bytes += all_bytes;
  own.last = std::max(own.last, messages.back().sequence);
}

void Catalogue::Removed(SubjectId id, uint64_t messages, uint64_t bytes, Sequence first_possible) {
  Implementation& own = *implementation_;
  absl::MutexLock lock(&own.mutex);
  Entry& entry = own.entries.at(id.value());
  messages = std::min(messages, entry.messages);
  bytes = messages == entry.messages ? entry.bytes : std::min(bytes, entry.bytes);
  if (messages == 0) return;
  entry.messages -= messages;
  entry.bytes -= bytes;
  own.messages -= messages;
  own.bytes -= bytes;
  entry.first = entry.messages == 0 ? kNoSequence : std::max(entry.first, first_possible);
  entry.first_time = Timestamp();
}

void Catalogue::ForgetMessages() {
  Implementation& own = *implementation_;
  absl::MutexLock lock(&own.mutex);
  for (uint32_t id = 0; id < own.entries.size(); ++id) {
    Entry& entry = own.entries.at(id);
    entry.messages = entry.bytes = 0;
    entry.first = kNoSequence;
    entry.first_time = Timestamp();
  }
  own.messages = own.bytes = 0;
}

void Catalogue::CountSegment(SubjectId id, uint64_t messages, uint64_t bytes, Sequence first, Sequence last,
                             Timestamp last_time) {
  if (messages == 0) return;
  Implementation& own = *implementation_;
  absl::MutexLock lock(&own.mutex);
  Entry& entry = own.entries.at(id.value());
  if (entry.last == kNoSequence) {
    own.BecomesVisible(id.value());
    entry.last = entry.accepted_last = last;
    entry.last_time = last_time;
    own.last = std::max(own.last, last);
  }
  if (entry.messages == 0) entry.first = first;
  entry.messages += messages;
  entry.bytes += bytes;
  own.messages += messages;
  own.bytes += bytes;
}

absl::Status Catalogue::Restore(const store::SubjectState& state) {
  Implementation& own = *implementation_;
  const HashedName key{state.subject, HashName(state.subject)};
  absl::MutexLock lock(&own.mutex);
  std::optional<uint32_t> id = own.FindId(key);
  if (!id) {
    MTS_RETURN_IF_ERROR(own.CheckNotFull(state.subject));
    id = own.Create(key);
  }
  Entry& entry = own.entries.at(*id);
  if (entry.last == kNoSequence && state.last != kNoSequence) own.BecomesVisible(*id);
  own.messages += state.messages - entry.messages;
  own.bytes += state.bytes - entry.bytes;
  own.last = std::max(own.last, state.last);
  entry.accepted_last = state.last;
  entry.first = state.first;
  entry.last = state.last;
  entry.messages = state.messages;
  entry.bytes = state.bytes;
  entry.first_time = state.first_time;
  entry.last_time = state.last_time;
  return absl::OkStatus();
}

void Catalogue::Reserve(uint64_t subjects) {
  Implementation& own = *implementation_;
  absl::MutexLock lock(&own.mutex);
  own.by_hash.reserve(subjects);
}

void Catalogue::ForEach(absl::FunctionRef<void(const store::SubjectState&)> visit) const {
  // One lock is fine: the caller is the only writer, and readers share it.
  absl::ReaderMutexLock lock(&implementation_->mutex);
  for (const uint32_t id : implementation_->by_name) visit(ToState(implementation_->entries.at(id)));
}

std::optional<SubjectId> Catalogue::Find(std::string_view subject) const {
  absl::ReaderMutexLock lock(&implementation_->mutex);
  uint32_t id = 0;
  if (implementation_->FindVisible(subject, &id) == nullptr) return std::nullopt;
  return SubjectId(id);
}

std::string_view Catalogue::Name(SubjectId id) const { return implementation_->entries.at(id.value()).Name(); }

std::optional<store::SubjectState> Catalogue::State(SubjectId id) const {
  absl::ReaderMutexLock lock(&implementation_->mutex);
  if (id.value() >= implementation_->entries.size()) return std::nullopt;
  const Entry& entry = implementation_->entries.at(id.value());
  if (entry.last == kNoSequence) return std::nullopt;
  return ToState(entry);
}

Sequence Catalogue::Last(const Pattern& pattern) const {
  const Implementation& own = *implementation_;
  Sequence last = kNoSequence;
  std::string_view after;
  for (size_t walked = kWalkStep; walked == kWalkStep;) {
    absl::ReaderMutexLock lock(&own.mutex);
    if (pattern.kind() == Pattern::Kind::kAll) return own.last;
    walked = own.Walk(pattern, after, kWalkStep, [&](uint32_t id) {
      last = std::max(last, own.entries.at(id).last);
      after = own.entries.at(id).Name();
    });
  }
  return last;
}

std::vector<store::SubjectState> Catalogue::List(const Pattern& pattern, std::string_view after, size_t size) const {
  const Implementation& own = *implementation_;
  std::vector<store::SubjectState> states;
  while (states.size() < size) {
    const size_t step = std::min(kWalkStep, size - states.size());
    absl::ReaderMutexLock lock(&own.mutex);
    const size_t walked = own.Walk(pattern, after, step, [&](uint32_t id) {
      states.push_back(ToState(own.entries.at(id)));
      after = own.entries.at(id).Name();
    });
    if (walked < step) break;
  }
  return states;
}

void Catalogue::ForEachMatching(const Pattern& pattern, absl::FunctionRef<bool(SubjectId)> visit) const {
  const Implementation& own = *implementation_;
  std::vector<uint32_t> ids;
  std::string_view after;
  do {
    ids.clear();
    {
      absl::ReaderMutexLock lock(&own.mutex);
      own.Walk(pattern, after, kWalkStep, [&](uint32_t id) { ids.push_back(id); });
    }
    for (const uint32_t id : ids) {
      if (!visit(SubjectId(id))) return;
      after = own.entries.at(id).Name();
    }
  } while (ids.size() == kWalkStep);
}

uint64_t Catalogue::subjects() const {
  absl::ReaderMutexLock lock(&implementation_->mutex);
  return implementation_->by_name.size();
}

uint64_t Catalogue::messages() const {
  absl::ReaderMutexLock lock(&implementation_->mutex);
  return implementation_->messages;
}

uint64_t Catalogue::bytes() const {
  absl::ReaderMutexLock lock(&implementation_->mutex);
  return implementation_->bytes;
}

}  // namespace mts::log
