// The index of the log: adding to the one in memory, finding in sealed segments, finding one of very many subjects.
// INDEX_BENCH_SUBJECTS, INDEX_BENCH_SEGMENTS and INDEX_BENCH_DIR change the size and the place of the large store
// (1000000 and 1000 is the case of the design; the default is a tenth).
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "io/file_system.h"
#include "log/catalogue.h"
#include "log/memory_index.h"
#include "log/segment_index_writer.h"
#include "log/segment_set.h"

namespace mts::log {
namespace {

constexpr uint64_t kRecordBytes = 320;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

std::string SubjectName(uint64_t number) { return Concat("tenant.", number % 100, ".subject.", number); }

// Messages of a segment that holds `count`: consecutive ones share a subject `in_a_row` times.
std::vector<VisibleMessage> MakeMessages(const std::vector<SubjectId>& subjects, uint64_t first_sequence,
                                         uint64_t count, uint64_t in_a_row) {
  std::vector<VisibleMessage> messages(count);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t sequence = first_sequence + i;
    messages[i] = {subjects[sequence / in_a_row % subjects.size()],
                   static_cast<uint32_t>((kSegmentHeaderBytes + i * kRecordBytes) / 8), Sequence(sequence), 256, false};
  }
  return messages;
}

std::vector<SubjectId> MakeSubjects(Catalogue& catalogue, uint64_t count) {
  std::vector<SubjectId> subjects;
  for (uint64_t i = 0; i < count; ++i) subjects.push_back(*catalogue.FindOrCreate(SubjectName(i)));
  return subjects;
}

// One segment of 200,000 messages in batches of 500.
void BM_Add(benchmark::State& state) {
  Catalogue catalogue(1'000'000);
  const auto subjects = MakeSubjects(catalogue, static_cast<uint64_t>(state.range(0)));
  const auto messages = MakeMessages(subjects, 1, 200'000, static_cast<uint64_t>(state.range(1)));
  uint64_t bytes = 0;
  for (auto _ : state) {
    MemoryIndex index(SegmentNumber(1), 1, catalogue);
    for (size_t i = 0; i < messages.size(); i += 500) index.Add(absl::MakeSpan(messages).subspan(i, 500), Timestamp(1));
    bytes = index.MemoryBytes();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * messages.size()));
  state.counters["bytes_per_message"] = static_cast<double>(bytes) / static_cast<double>(messages.size());
}
BENCHMARK(BM_Add)
    ->ArgNames({"subjects", "in_a_row"})
    ->Args({1, 1})
    ->Args({1000, 500})
    ->Args({1000, 1})
    ->Args({200'000, 1});

// The file of one segment of 200,000 messages, synced: what the background thread does for each.
void BM_WriteIndexFile(benchmark::State& state) {
  Catalogue catalogue(1'000'000);
  const auto subjects = MakeSubjects(catalogue, static_cast<uint64_t>(state.range(0)));
  MemoryIndex index(SegmentNumber(1), 1, catalogue);
  index.Add(MakeMessages(subjects, 1, 200'000, 1), Timestamp(1));
  index.Close(kSegmentHeaderBytes + 200'000 * kRecordBytes);
  const char* parent = std::getenv("INDEX_BENCH_DIR");
  const std::string path = Concat(parent == nullptr ? "/tmp" : parent, "/index_bench_", ::getpid(), ".index");
  for (auto _ : state) {
    if (!WriteSegmentIndex(io::PosixFileSystem(), path, index).ok()) state.SkipWithError("not written");
  }
  io::PosixFileSystem().Remove(path).IgnoreError();
}
BENCHMARK(BM_WriteIndexFile)->ArgNames({"subjects"})->Arg(1)->Arg(1000)->Arg(200'000)->Unit(benchmark::kMillisecond);

// A store in a directory of its own, without the segments' bytes.
class Store {
 public:
  Store(uint64_t subjects, uint64_t segments, uint64_t per_segment, uint64_t in_a_row)
      : catalogue_(1'000'000), subjects_(MakeSubjects(catalogue_, subjects)) {
    const char* parent = std::getenv("INDEX_BENCH_DIR");
    std::string pattern = Concat(parent == nullptr ? "/tmp" : parent, "/index_bench_XXXXXX");
    directory_ = ::mkdtemp(pattern.data());
    Open(32 << 20);
    uint64_t sequence = 1;
    for (uint64_t i = 1; i <= segments; ++i) {
      const auto messages = MakeMessages(subjects_, sequence, per_segment, in_a_row);
      sequence += per_segment;
      auto file = files_.Open(io::JoinPath(directory_, SegmentFileName(SegmentNumber(i))), io::OpenMode::kCreate);
      set_->OpenSegment(SegmentNumber(i), i, *std::move(file));
      set_->Add(messages, Timestamp(1));
      catalogue_.MakeVisible(messages, Timestamp(1));
      set_->Seal(kSegmentHeaderBytes + per_segment * kRecordBytes);
    }
    set_->FinishIndexing();
    summaries_ = set_->Summaries();
    last_ = sequence - 1;
  }
  ~Store() {
    set_.reset();
    const auto names = files_.List(directory_);
    for (const std::string& name : *names) files_.Remove(io::JoinPath(directory_, name)).IgnoreError();
    ::rmdir(directory_.c_str());
  }

  SegmentSet& set() { return *set_; }
  uint64_t last() const { return last_; }
  uint64_t subjects() const { return subjects_.size(); }
  void Open(uint64_t cache_bytes) {
    set_.reset();
    SegmentSet::Options options;
    options.files = &files_;
    options.directory = directory_;
    options.catalogue = &catalogue_;
    options.cache_bytes = cache_bytes;
    set_ = *SegmentSet::Create(options);
  }
  void Adopt() {
    for (const SegmentSummary& summary : summaries_) {
      if (!set_->AdoptIndexed(summary).ok()) std::abort();
    }
  }
  // Nothing of it stays in the page cache.
  void MakeCold() {
    const auto names = files_.List(directory_);
    for (const std::string& name : *names) {
      const int file =
          ::open(io::JoinPath(directory_, name).c_str(), O_RDONLY);  // tidy: allow the page cache is not io's
      ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
      ::close(file);
    }
  }

 private:
  io::FileSystem& files_ = io::PosixFileSystem();
  Catalogue catalogue_;
  std::vector<SubjectId> subjects_;
  std::string directory_;
  std::unique_ptr<SegmentSet> set_;
  std::vector<SegmentSummary> summaries_;
  uint64_t last_ = 0;
};

// 20 segments of 200,000 messages over 1,000 subjects, one after the other.
Store& SmallStore() {
  static Store& store = *new Store(1000, 20, 200'000, 1);
  static const bool registered = [] {
    std::atexit([] { delete &store; });
    return true;
  }();
  benchmark::DoNotOptimize(registered);
  return store;
}

// Ten messages a subject, all subjects in turn.
Store& LargeStore() {
  static const uint64_t subjects = FromEnvironment("INDEX_BENCH_SUBJECTS", 100'000);
  static const uint64_t segments = FromEnvironment("INDEX_BENCH_SEGMENTS", 100);
  static Store& store = *new Store(subjects, segments, subjects * 10 / segments, 1);
  static const bool registered = [] {
    std::atexit([] { delete &store; });
    return true;
  }();
  benchmark::DoNotOptimize(registered);
  return store;
}

void FindOnwards(benchmark::State& state, Store& store, const Pattern& pattern) {
  Sequence after;
  int64_t found_messages = 0;
  for (auto _ : state) {
    const auto found = store.set().Find(pattern, after, kMaxSequence, 500);
    if (!found.ok()) state.SkipWithError("not found");
    found_messages += static_cast<int64_t>(found->locations.size());
    after = found->locations.size() < 500 ? kNoSequence : found->scanned_through;
  }
  state.SetItemsProcessed(found_messages);
}
void BM_Find500All(benchmark::State& state) { FindOnwards(state, SmallStore(), Pattern::All()); }
void BM_Find500Exact(benchmark::State& state) { FindOnwards(state, SmallStore(), Pattern::Exact(SubjectName(77))); }
void BM_Find500Below(benchmark::State& state) { FindOnwards(state, SmallStore(), *Pattern::Parse("tenant.77.*")); }
void BM_Find500BelowAll(benchmark::State& state) { FindOnwards(state, SmallStore(), *Pattern::Parse("tenant.*")); }
BENCHMARK(BM_Find500All);
BENCHMARK(BM_Find500Exact);
BENCHMARK(BM_Find500Below);
BENCHMARK(BM_Find500BelowAll);

void BM_FindOne(benchmark::State& state) {
  std::mt19937_64 random(1);
  for (auto _ : state) {
    if (!SmallStore().set().FindOne(Sequence(1 + random() % SmallStore().last())).ok())
      state.SkipWithError("not found");
  }
}
BENCHMARK(BM_FindOne);

void BM_FirstOfSubject(benchmark::State& state) {
  Store& store = LargeStore();
  std::mt19937_64 random(1);
  for (auto _ : state) {
    const auto found =
        store.set().Find(Pattern::Exact(SubjectName(random() % store.subjects())), kNoSequence, kMaxSequence, 1);
    if (!found.ok() || found->locations.empty()) state.SkipWithError("not found");
  }
}
BENCHMARK(BM_FirstOfSubject)->Unit(benchmark::kMicrosecond);

// The next one after any sequence: where only tiers help.
void BM_NextOfSubject(benchmark::State& state) {
  Store& store = LargeStore();
  std::mt19937_64 random(1);
  for (auto _ : state) {
    const Sequence after(random() % store.last());
    const auto found =
        store.set().Find(Pattern::Exact(SubjectName(random() % store.subjects())), after, kMaxSequence, 1);
    if (!found.ok()) state.SkipWithError("failed");
  }
}
BENCHMARK(BM_NextOfSubject)->Unit(benchmark::kMicrosecond);

void BM_NextOfSubjectCold(benchmark::State& state) {
  Store& store = LargeStore();
  std::mt19937_64 random(1);
  for (auto _ : state) {
    state.PauseTiming();
    store.Open(32 << 20);
    store.Adopt();
    store.MakeCold();
    state.ResumeTiming();
    const Sequence after(random() % (store.last() / 2));
    const auto found =
        store.set().Find(Pattern::Exact(SubjectName(random() % store.subjects())), after, kMaxSequence, 1);
    if (!found.ok() || found->locations.empty()) state.SkipWithError("not found");
  }
}
BENCHMARK(BM_NextOfSubjectCold)->Unit(benchmark::kMicrosecond)->Iterations(30);

// What a start does with all segments.
void BM_Adopt(benchmark::State& state) {
  Store& store = LargeStore();
  for (auto _ : state) {
    store.Open(32 << 20);
    store.Adopt();
  }
}
BENCHMARK(BM_Adopt)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mts::log
