#include "log/segment_set.h"

#include <cerrno>
#include <random>
#include <thread>

#include "log/segment_set_test_support.h"
#include "log/verify_index.h"

namespace mts::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using New = SegmentSetWorld::NewMessage;

Pattern P(const char* text) { return *Pattern::Parse(text); }

// So many segments of `per_segment` messages over `subjects` subjects.
void Fill(SegmentSetWorld& world, int segments, int per_segment, int subjects) {
  for (int i = 0; i < segments; ++i) {
    std::vector<New> batch;
    for (int j = 0; j < per_segment; ++j) batch.push_back({"s." + std::to_string((i * per_segment + j) % subjects)});
    world.Add(batch);
    world.Seal();
  }
}

TEST(SegmentSetTest, IsEmptyAtFirst) {
  SegmentSetWorld world;
  EXPECT_EQ(world.set().segment_count(), 0u);
  EXPECT_FALSE(world.set().Front().has_value());
  EXPECT_EQ(world.set().RemoveFront(), nullptr);
  EXPECT_TRUE(absl::IsFailedPrecondition(world.set().DescribeFront([](const auto&) {}, [](const auto&) {})));
  world.ExpectSame(P("*"), 0, UINT64_MAX, 10);
  world.ExpectSame(P("a"), 0, 5, 10);
  world.ExpectOne(0);
  world.ExpectOne(1);
  world.set().FinishIndexing();
}

TEST(SegmentSetTest, FindsAcrossActiveAndSealedSegments) {
  SegmentSetWorld world;
  world.Add({{"a"}, {"b"}, {"a.x"}, {"a"}});
  world.Seal();
  world.OpenSegment();
  world.Seal();  // without a message
  world.Add({{"a"}, {"a.x.y"}, {"ab"}}, 5);
  for (const bool indexed : {false, true}) {
    if (indexed) world.set().FinishIndexing();
    for (const char* pattern : {"a", "b", "c", "a.*", "a.x.*", "*"}) {
      for (uint64_t after = 0; after < 14; ++after) {
        for (const uint32_t limit : {1u, 2u, 100u}) world.ExpectSame(P(pattern), after, UINT64_MAX, limit);
        for (uint64_t through = after; through < 14; ++through) world.ExpectSame(P(pattern), after, through, 100);
      }
    }
    for (uint64_t sequence = 0; sequence < 15; ++sequence) world.ExpectOne(sequence);
  }
}

TEST(SegmentSetTest, SummariesSayWhatIsThere) {
  SegmentSetWorld world;
  world.Add({{"a", 10}, {"b", 20}}, 7);
  world.Seal();
  world.Add({{"c", 5}});
  const std::vector<SegmentSummary> summaries = world.set().Summaries();
  ASSERT_THAT(summaries, SizeIs(2));
  EXPECT_EQ(summaries[0].number, SegmentNumber(1));
  EXPECT_EQ(summaries[0].first, Sequence(8));
  EXPECT_EQ(summaries[0].last, Sequence(9));
  EXPECT_EQ(summaries[0].messages, 2u);
  EXPECT_EQ(summaries[0].payload_bytes, 30u);
  EXPECT_EQ(summaries[0].first_time, Timestamp(9));
  EXPECT_GT(summaries[0].end, kSegmentHeaderBytes);
  EXPECT_EQ(summaries[1].last, Sequence(10));
  EXPECT_EQ(world.set().Front()->number, SegmentNumber(1));
}

TEST(SegmentSetTest, DescribesTheFrontFromMemoryAndFromDisk) {
  SegmentSetWorld world;
  world.Add({{"b", 10}, {"a", 100, true}, {"b", 30}, {"b", 7, true}}, 3);
  EXPECT_TRUE(absl::IsFailedPrecondition(world.set().DescribeFront([](const auto&) {}, [](const auto&) {})));
  world.Seal();
  for (const bool indexed : {false, true}) {
    if (indexed) world.set().FinishIndexing();
    std::vector<std::string> subjects;
    std::vector<uint64_t> references;
    ASSERT_TRUE(world.set()
                    .DescribeFront(
                        [&](const SegmentSet::SubjectTotal& total) {
                          subjects.push_back(Concat(total.subject, " ", total.messages, " ", total.payload_bytes));
                        },
                        [&](const SegmentSet::Location& location) {
                          world.ExpectReadable(location);
                          references.push_back(location.sequence.value());
                        })
                    .ok());
    EXPECT_THAT(subjects, ElementsAre("a 1 100", "b 3 47"));
    EXPECT_THAT(references, ElementsAre(5, 7));
  }
}

TEST(SegmentSetTest, RemovedFrontIsReusedOnlyWhenNobodyReadsIt) {
  SegmentSetWorld world;
  Fill(world, 3, 5, 2);
  world.set().FinishIndexing();
  const auto held = world.set().Find(P("*"), Sequence(0), Sequence(1), 1);
  EXPECT_EQ(world.RemoveFront(), nullptr);        // `held` reads it
  world.ExpectReadable(held->locations.front());  // and still can
  EXPECT_NE(world.RemoveFront(), nullptr);
  EXPECT_THAT(world.FilesNamed("0000000000000001.index"), IsEmpty());
  EXPECT_THAT(world.FilesNamed("0000000000000002.index"), IsEmpty());
  for (uint64_t after = 0; after < 16; ++after) {
    world.ExpectSame(P("*"), after, 100, 50);
    world.ExpectSame(P("s.1"), after, 100, 50);
    world.ExpectOne(after);
  }
}

TEST(SegmentSetTest, FrontMayBeRemovedBeforeItIsIndexed) {
  SegmentSetWorld world;
  for (int i = 0; i < 30; ++i) {
    Fill(world, 1, 3, 2);
    world.RemoveFront();
    world.ExpectSame(P("*"), 0, 1000, 50);
  }
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed(".index"), IsEmpty());
}

TEST(SegmentSetTest, NeighboursAreMergedIntoTiers) {
  SegmentSetWorld world;
  Fill(world, 73, 10, 97);
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed("tier-"), ElementsAre("tier-0000000000000001-0000000000000040.index",
                                                     "tier-0000000000000041-0000000000000048.index"));
  for (const std::string& name : world.FilesNamed(".index")) {
    EXPECT_TRUE(VerifyIndex(world.files(), LogPath(name)).ok()) << name << VerifyIndex(world.files(), LogPath(name));
  }
  for (const uint64_t after : {0, 1, 99, 400, 720, 729, 730}) {
    for (const char* pattern : {"s.0", "s.96", "s.*", "t", "*"}) world.ExpectSame(P(pattern), after, 10'000, 7);
  }
}

TEST(SegmentSetTest, TiersGoWithTheirLastSegment) {
  SegmentSetWorld world;
  Fill(world, 24, 4, 9);
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed("tier-"), SizeIs(3));
  for (int i = 0; i < 7; ++i) world.RemoveFront();
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed("tier-"), SizeIs(3));
  world.ExpectSame(P("s.3"), 0, 1000, 100);
  world.RemoveFront();
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed("tier-"), SizeIs(2));
  world.ExpectSame(P("s.3"), 0, 1000, 100);
}

TEST(SegmentSetTest, RestartAdoptsIndexesAndTiers) {
  SegmentSetWorld world;
  Fill(world, 20, 6, 13);
  world.set().FinishIndexing();
  EXPECT_EQ(world.Restart(), 20u);
  EXPECT_THAT(world.FilesNamed("tier-"), SizeIs(2));
  EXPECT_EQ(world.set().damaged_indexes(), 0u);
  for (uint64_t after = 0; after < 120; after += 7) {
    for (const char* pattern : {"s.0", "s.12", "s.*", "*"}) world.ExpectSame(P(pattern), after, 10'000, 9);
  }
  Fill(world, 5, 6, 13);
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed("tier-"), SizeIs(3));
}

TEST(SegmentSetTest, AdoptionRefusesTheIndexOfAnotherSegment) {
  SegmentSetWorld world;
  Fill(world, 2, 5, 2);
  world.set().FinishIndexing();
  world.Close();
  // The second segment's index under the first one's name, and a foreign file under the second one's.
  ASSERT_TRUE(world.files().Rename(world.IndexPath(2), world.IndexPath(1)).ok());
  ASSERT_TRUE(io::WriteFileAtomically(world.files(), world.IndexPath(2), "something else").ok());
  EXPECT_EQ(world.Reopen(), 0u);
  EXPECT_EQ(world.set().damaged_indexes(), 2u);
  world.ExpectSame(P("*"), 0, 100, 100);
  world.set().FinishIndexing();
  for (const uint64_t number : {1, 2}) EXPECT_TRUE(VerifyIndex(world.files(), world.IndexPath(number)).ok());
}

TEST(SegmentSetTest, DamagedIndexIsMadeAgainFromTheSegment) {
  SegmentSetWorld world;
  Fill(world, 3, 2000, 50);
  ASSERT_EQ(world.Restart(), 3u);
  const std::string path = world.IndexPath(2);
  const uint64_t size = *(*world.files().Open(path, io::OpenMode::kRead))->Size();
  for (uint64_t offset = 4096; offset < size; offset += 4096) world.files().Damage(path, offset + 9, "rot");
  EXPECT_TRUE(absl::IsDataLoss(VerifyIndex(world.files(), path)));
  world.ExpectSame(P("s.7"), 0, 10'000, 1000);
  world.ExpectSame(P("*"), 1990, 10'000, 1000);
  EXPECT_EQ(world.set().damaged_indexes(), 1u);
  world.set().FinishIndexing();
  EXPECT_TRUE(VerifyIndex(world.files(), path).ok());
  world.ExpectSame(P("s.*"), 0, 10'000, 5000);
}

TEST(SegmentSetTest, TruncatedOrMissingIndexIsMadeAgain) {
  SegmentSetWorld world;
  Fill(world, 2, 2000, 50);
  ASSERT_EQ(world.Restart(), 2u);
  ASSERT_TRUE((*world.files().Open(world.IndexPath(1), io::OpenMode::kReadWrite))->Truncate(4096).ok());
  ASSERT_TRUE(world.files().Remove(world.IndexPath(2)).ok());
  world.ExpectSame(P("s.7"), 0, 10'000, 1000);
  world.ExpectOne(17);
  world.ExpectOne(3017);
  EXPECT_EQ(world.set().damaged_indexes(), 2u);
  world.set().FinishIndexing();
  for (const uint64_t number : {1, 2}) EXPECT_TRUE(VerifyIndex(world.files(), world.IndexPath(number)).ok());
}

TEST(SegmentSetTest, DamagedFrontIsDescribedOnce) {
  SegmentSetWorld world;
  Fill(world, 1, 2000, 500);
  ASSERT_EQ(world.Restart(), 1u);
  const uint64_t size = *(*world.files().Open(world.IndexPath(1), io::OpenMode::kRead))->Size();
  world.files().Damage(world.IndexPath(1), size - 4096 * 4, "rot");
  uint64_t messages = 0;
  ASSERT_TRUE(
      world.set()
          .DescribeFront([&](const SegmentSet::SubjectTotal& total) { messages += total.messages; }, [](const auto&) {})
          .ok());
  EXPECT_EQ(messages, 2000u);
}

TEST(SegmentSetTest, DamagedTierIsMadeAgainAndHidesNothing) {
  SegmentSetWorld world;
  Fill(world, 9, 200, 300);
  ASSERT_EQ(world.Restart(), 9u);
  const std::string tier = LogPath(world.FilesNamed("tier-").front());
  const uint64_t size = *(*world.files().Open(tier, io::OpenMode::kRead))->Size();
  for (uint64_t offset = 4096; offset < size; offset += 4096) world.files().Damage(tier, offset + 9, "rot");
  world.ExpectSame(P("s.7"), 0, 10'000, 1000);
  EXPECT_GE(world.set().damaged_indexes(), 1u);
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed("tier-"), SizeIs(1));
  EXPECT_TRUE(VerifyIndex(world.files(), tier).ok());
  world.ExpectSame(P("s.7"), 0, 10'000, 1000);
}

TEST(SegmentSetTest, TierOfOtherSegmentsIsDroppedAtStart) {
  SegmentSetWorld world;
  Fill(world, 8, 20, 30);
  world.set().FinishIndexing();
  const std::string tier = LogPath(world.FilesNamed("tier-").front());
  const std::string bytes = *io::ReadWholeFile(world.files(), tier, 1 << 20);
  SegmentSetWorld other(1);
  Fill(other, 8, 20, 11);
  other.set().FinishIndexing();
  other.Close();
  ASSERT_TRUE(io::WriteFileAtomically(other.files(), tier, bytes).ok());
  ASSERT_TRUE(
      io::WriteFileAtomically(other.files(), LogPath("tier-00000000000000ff-0000000000000100.index"), "?").ok());
  ASSERT_TRUE(io::WriteFileAtomically(other.files(), LogPath("0000000000000002.index.tmp.names"), "?").ok());
  EXPECT_EQ(other.Reopen(), 8u);
  for (const char* pattern : {"s.0", "s.7", "s.*", "*"}) other.ExpectSame(P(pattern), 0, 10'000, 1000);
  EXPECT_THAT(other.FilesNamed("00ff"), IsEmpty());
  EXPECT_THAT(other.FilesNamed(".tmp"), IsEmpty());
}

TEST(SegmentSetTest, IndexFilesOfGoneSegmentsAreRemoved) {
  SegmentSetWorld world;
  Fill(world, 3, 5, 2);
  world.set().FinishIndexing();
  const std::string bytes = *io::ReadWholeFile(world.files(), world.IndexPath(1), 1 << 20);
  world.RemoveFront();
  ASSERT_TRUE(io::WriteFileAtomically(world.files(), world.IndexPath(1), bytes).ok());
  world.Restart();
  Fill(world, 1, 5, 2);
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed("0000000000000001"), IsEmpty());
}

TEST(SegmentSetTest, FullDiskStopsNeitherSealingNorReading) {
  SegmentSetWorld world;
  world.files().SetHook([](const io::FaultFileSystem::Call& call) {
    const bool index = call.path.find(".index") != std::string::npos;
    return index && call.operation == io::FaultOperation::kWrite ? io::FaultFileSystem::Verdict::kFail
                                                                 : io::FaultFileSystem::Verdict::kProceed;
  });
  Fill(world, 10, 10, 3);  // more than kMaxUnindexedSegments
  for (const char* pattern : {"s.0", "s.*", "*"}) world.ExpectSame(P(pattern), 0, 10'000, 1000);
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed(".index"), IsEmpty());
  world.files().SetHook(nullptr);
  world.set().FinishIndexing();
  EXPECT_THAT(world.FilesNamed(".index"), SizeIs(11));
  for (const char* pattern : {"s.0", "s.*", "*"}) world.ExpectSame(P(pattern), 0, 10'000, 1000);
}

TEST(SegmentSetTest, ManySubjectsInOneSegment) {
  SegmentSetWorld world;
  std::vector<New> batch;
  for (int i = 0; i < 6000; ++i) batch.push_back({Concat("room.", i % 5000, i % 3 == 0 ? ".door" : ""), 1});
  world.Add(batch);
  world.Seal();
  for (const bool indexed : {false, true}) {
    if (indexed) world.set().FinishIndexing();
    for (const uint64_t after : {0, 1, 3000, 5990}) {
      for (const char* pattern : {"room.*", "room.17.*", "room.3.door", "room.4999", "room.999.*"}) {
        world.ExpectSame(P(pattern), after, 100'000, 100);
        world.ExpectSame(P(pattern), after, 5995, 10'000);
      }
    }
  }
}

// ---- Random operations against the plain model

class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : random_(seed) {}

  void Run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      Step();
      Ask();
    }
    world_.set().FinishIndexing();
    for (int i = 0; i < 20; ++i) Ask();
  }

 private:
  uint64_t Draw(uint64_t below) { return std::uniform_int_distribution<uint64_t>(0, below - 1)(random_); }
  std::string Subject() {
    std::string subject = std::string(1, static_cast<char>('a' + Draw(3)));
    while (Draw(2) == 0 && subject.size() < 8) subject += Concat(Draw(4) == 0 ? "-" : ".", Draw(6));
    return subject;
  }

  void Step() {
    const uint64_t kind = Draw(100);
    if (kind < 60) {
      std::vector<New> batch;
      const uint64_t size = 1 + Draw(Draw(10) == 0 ? 300 : 10);
      std::string subject = Subject();
      for (uint64_t i = 0; i < size; ++i) {
        if (Draw(3) == 0) subject = Subject();
        batch.push_back({subject, Draw(50), Draw(20) == 0});
      }
      world_.Add(batch, Draw(4) == 0 ? Draw(20) : 0);
    } else if (kind < 85) {
      world_.Seal();
    } else if (kind < 92) {
      if (!world_.sealed().empty()) world_.RemoveFront();
    } else if (kind < 96) {
      world_.Restart();
    } else if (kind < 98) {
      DamageSomething();
    } else {
      world_.set().FinishIndexing();
    }
  }

  void DamageSomething() {
    const std::vector<std::string> names = world_.FilesNamed(".index");
    if (names.empty()) return;
    const std::string path = LogPath(names[Draw(names.size())]);
    if (path.find(".tmp") != std::string::npos) return;
    const auto file = world_.files().Open(path, io::OpenMode::kReadWrite);
    if (!file.ok()) return;
    const uint64_t size = *(*file)->Size();
    if (size == 0) return;
    switch (Draw(3)) {
      case 0:
        world_.files().Damage(path, Draw(size), "!");
        break;
      case 1:
        (*file)->Truncate(Draw(size)).IgnoreError();
        break;
      default:
        world_.files().Remove(path).IgnoreError();
    }
  }

  void Ask() {
    for (int i = 0; i < 4; ++i) {
      const uint64_t after = Draw(world_.last() + 3);
      const uint64_t through = Draw(3) == 0 ? after + Draw(100) : UINT64_MAX;
      const auto limit = static_cast<uint32_t>(1 + Draw(Draw(3) == 0 ? 1000 : 5));
      const uint64_t kind = Draw(4);
      const Pattern pattern = kind == 0   ? Pattern::All()
                              : kind == 1 ? P((Subject() + ".*").c_str())
                                          : Pattern::Exact(Subject());
      world_.ExpectSame(pattern, after, through, limit);
      world_.ExpectOne(Draw(world_.last() + 3));
    }
  }

  std::mt19937_64 random_;
  SegmentSetWorld world_;
};

TEST(SegmentSetTest, AgreesWithThePlainModel) {
  const uint64_t seed = std::random_device{}();
  for (uint64_t run = 0; run < 6 && !HasFailure(); ++run) {
    SCOPED_TRACE(Concat("seed ", seed, " run ", run));
    RandomRun(seed + run).Run(250);
  }
}

TEST(SegmentSetTest, ReadersSeeWholeOrderedAnswersWhileAdding) {
  SegmentSetWorld world;
  for (int i = 0; i < 50; ++i) world.Add({{"s." + std::to_string(i)}});
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> added{50};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&, r] {
      const Pattern patterns[] = {P("*"), P("s.*"), P("s.7")};
      uint64_t after = 0;
      while (!stop.load()) {
        const uint64_t through = added.load();
        const auto found = world.set().Find(patterns[r], Sequence(after), Sequence(through), 64);
        ASSERT_TRUE(found.ok()) << found.status();
        uint64_t before = after;
        for (const SegmentSet::Location& location : found->locations) {
          ASSERT_GT(location.sequence.value(), before);
          const bool all_match = r < 2;
          ASSERT_TRUE(!all_match || location.sequence.value() == before + 1);
          before = location.sequence.value();
        }
        ASSERT_TRUE(world.set().CountAfter(patterns[r], Sequence(after)).ok());
        after = through > 3000 && after == through ? 0 : found->scanned_through.value();
      }
    });
  }
  for (int segment = 0; segment < 30; ++segment) {
    for (int i = 0; i < 10; ++i) {
      std::vector<New> batch;
      for (int j = 0; j < 20; ++j) batch.push_back({"s." + std::to_string((i + j) % 50)});
      world.Add(batch);
      added.store(world.last());
    }
    world.Seal();
  }
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
  world.ExpectSame(P("s.7"), 0, UINT64_MAX, 100'000);
}

TEST(SegmentSetTest, ReadersOutliveRemoval) {
  SegmentSetWorld world;
  Fill(world, 30, 20, 7);
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop.load()) {
      const auto found = world.set().Find(P("*"), Sequence(0), Sequence(600), 100);
      ASSERT_TRUE(found.ok()) << found.status();
      if (!found->locations.empty()) world.ExpectReadable(found->locations.front());
      ASSERT_TRUE(world.set().Find(P("s.3"), Sequence(0), Sequence(600), 100).ok());
    }
  });
  for (int i = 0; i < 30; ++i) world.RemoveFront();
  stop.store(true);
  reader.join();
  EXPECT_EQ(world.set().damaged_indexes(), 0u);
  EXPECT_EQ(world.set().segment_count(), 0u);
}

}  // namespace
}  // namespace mts::log
