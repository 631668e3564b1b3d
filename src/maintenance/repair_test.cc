// After a repair the doctor finds nothing, and the server serves every message that could be read before.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/checkpoint.h"
#include "maintenance/doctor.h"
#include "maintenance/maintenance_fixture.h"
#include "spdlog/spdlog.h"

namespace mts::maintenance {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

class RepairTest : public MaintenanceFixture {
 protected:
  RepairTest() { spdlog::set_level(spdlog::level::off); }
  void SetUp() override {
    Start();
    Fill(400);
    all_ = ReadAll();
    positions_ = Positions();
    Stop();
    segments_ = MustExamine().examined.segments;
  }

  // What the engine serves of the damaged directory without any repair.
  SeenMessages ReadableBefore() {
    const auto copy = CopyOf(kData);
    SeenMessages seen = StartAndReadAll();
    Stop();
    for (const std::string& path : FilesBelow(kData)) EXPECT_TRUE(disk_.Remove(path).ok());
    for (const auto& [path, bytes] : copy) EXPECT_TRUE(io::WriteFileAtomically(disk_, path, bytes).ok());
    return seen;
  }
  std::map<std::string, std::string> CopyOf(const std::string& directory) {
    std::map<std::string, std::string> copy;
    for (const std::string& path : FilesBelow(directory)) copy[path] = Contents(path);
    return copy;
  }

  // The whole promise of a repair. `lost` messages at most are not in it.
  void RepairAndCompare(uint64_t lost) {
    const std::map<std::string, std::string> damaged = CopyOf(std::string(kData) + "/log");
    const SeenMessages before = ReadableBefore();
    const Repaired repaired = MustRepair();
    EXPECT_FALSE(repaired.before.sound());
    EXPECT_TRUE(repaired.after.sound());
    for (const Finding& finding : repaired.after.findings) ADD_FAILURE() << finding.file << ": " << finding.what;
    ExpectKept(damaged, repaired.kept_in);
    const SeenMessages seen = StartAndReadAll();
    EXPECT_EQ(store_->log().counters().damaged_spots, 0u);
    EXPECT_EQ(store_->log().counters().damaged_indexes, 0u);
    for (const auto& [sequence, message] : before) {
      const auto found = seen.find(sequence);
      ASSERT_NE(found, seen.end()) << "message " << sequence << " is gone";
      EXPECT_EQ(found->second, message);
    }
    EXPECT_GE(seen.size() + lost, all_.size());
    EXPECT_EQ(store_->log().catalogue().messages(), seen.size());
    // It goes on: nothing is used twice, and nothing is lost by going on.
    const uint64_t next = Publish("s.0", "after the repair");
    EXPECT_GT(next, seen.empty() ? 0 : seen.rbegin()->first);
    Stop();
    EXPECT_TRUE(MustExamine().sound());
    EXPECT_EQ(StartAndReadAll().size(), seen.size() + 1);
    Stop();
  }
  // Whatever is not there any more as it was lies in the folder.
  void ExpectKept(const std::map<std::string, std::string>& damaged, const std::string& kept_in) {
    ASSERT_FALSE(kept_in.empty());
    for (const auto& [path, bytes] : damaged) {
      if (disk_.Exists(path).value_or(false) && Contents(path) == bytes) continue;
      const std::string kept = kept_in + path.substr(std::string(kData).size());
      ASSERT_TRUE(*disk_.Exists(kept)) << kept;
      EXPECT_EQ(Contents(kept), bytes) << kept;
    }
  }

  SeenMessages all_;
  std::map<std::string, uint64_t> positions_;
  uint64_t segments_ = 0;
};

TEST_F(RepairTest, NothingIsDoneToASoundDirectory) {
  const auto before = CopyOf(kData);
  const Repaired repaired = MustRepair();
  EXPECT_TRUE(repaired.after.sound());
  EXPECT_THAT(repaired.kept_in, IsEmpty());
  EXPECT_EQ(CopyOf(kData), before);
}

TEST_F(RepairTest, ADamagedBody) {
  Flip(SegmentPath(2), MessageIn(2).record + 60);
  RepairAndCompare(1);
}

TEST_F(RepairTest, ADamagedRecordHeader) {
  Flip(SegmentPath(2), MessageIn(2).record + 1);
  RepairAndCompare(1);
}

TEST_F(RepairTest, ADamagedGroupHeader) {
  Flip(SegmentPath(2), MessageIn(2).group + 50);
  RepairAndCompare(0);
}

TEST_F(RepairTest, TheFirstGroupAndTheSegmentHeader) {
  Flip(SegmentPath(3), log::kSegmentHeaderBytes + 9);
  Flip(SegmentPath(3), 20);
  RepairAndCompare(0);
}

TEST_F(RepairTest, ASealThatIsLost) {
  const Place seal = Places(2).back();
  ASSERT_EQ(seal.type, log::RecordType::kSeal);
  Flip(SegmentPath(2), seal.record + 5);
  Flip(SegmentPath(2), seal.group + 5);
  RepairAndCompare(0);
}

TEST_F(RepairTest, ARangeOverManyGroups) {
  const std::vector<Place> places = Places(2);
  const uint64_t from = places[places.size() / 3].record + 11;
  const uint64_t to = places[places.size() / 2].record + 17;
  disk_.Damage(SegmentPath(2), from, std::string(to - from, '\0'));
  RepairAndCompare(places.size() / 2 - places.size() / 3 + 2);
}

TEST_F(RepairTest, ASegmentThatEndsInTheMiddle) {
  const std::vector<Place> places = Places(2);
  Truncate(SegmentPath(2), places[places.size() / 2].record + 50);
  RepairAndCompare(places.size() / 2 + 2);
}

TEST_F(RepairTest, AMissingSegment) {
  const uint64_t lost = Places(2).size();
  ASSERT_TRUE(disk_.Remove(SegmentPath(2)).ok());
  RepairAndCompare(lost);
}

TEST_F(RepairTest, TheFirstTwoSegmentsAreMissing) {
  const uint64_t lost = Places(1).size() + Places(2).size();
  ASSERT_TRUE(disk_.Remove(SegmentPath(1)).ok());
  ASSERT_TRUE(disk_.Remove(SegmentPath(2)).ok());
  RepairAndCompare(lost);
}

TEST_F(RepairTest, AnotherFileInPlaceOfASegment) {
  const uint64_t lost = Places(3).size();
  ASSERT_TRUE((*disk_.Open(SegmentPath(3), io::OpenMode::kCreateOrTruncate))->Write(0, std::string(9000, '#')).ok());
  RepairAndCompare(lost);
}

TEST_F(RepairTest, AForeignFileBehindTheLastSegment) {
  ASSERT_TRUE((*disk_.Open(SegmentPath(segments_ + 1), io::OpenMode::kCreate))->Write(0, "#!/bin/sh\n").ok());
  EXPECT_FALSE(MustExamine().sound());
  const Repaired repaired = MustRepair();
  EXPECT_TRUE(repaired.after.sound());
  EXPECT_EQ(Contents(repaired.kept_in + "/log/" + log::SegmentFileName(log::SegmentNumber(segments_ + 1))),
            "#!/bin/sh\n");
  EXPECT_EQ(StartAndReadAll(), all_);
  EXPECT_EQ(Positions(), positions_);
}

TEST_F(RepairTest, ADamagedRecordInTheSegmentThatWasActive) {
  Flip(SegmentPath(segments_), Places(segments_)[1].record + 40);
  RepairAndCompare(1);
}

TEST_F(RepairTest, DamagedIndexesAreMadeAgain) {
  Flip(IndexPath(1), 5000);
  Flip(IndexPath(2), 30);
  RepairAndCompare(0);
  EXPECT_TRUE(*disk_.Exists(IndexPath(1)));
}

TEST_F(RepairTest, ADamagedCheckpointOrBoth) {
  const std::vector<uint64_t> numbers = *log::ListCheckpoints(disk_, LogPath(""));
  Flip(LogPath(log::CheckpointFileName(numbers.back())), 90);
  RepairAndCompare(0);
  Start();
  EXPECT_EQ(Positions(), positions_);
  Stop();
  const std::vector<uint64_t> all = *log::ListCheckpoints(disk_, LogPath(""));
  for (const uint64_t number : all) {
    Flip(LogPath(log::CheckpointFileName(number)), 90);
  }
  const Repaired repaired = MustRepair();
  EXPECT_TRUE(repaired.after.sound());
  EXPECT_EQ(StartAndReadAll().size(), all_.size() + 1);
}

TEST_F(RepairTest, EverythingAtOnce) {
  Flip(SegmentPath(1), MessageIn(1).record + 60);
  Flip(SegmentPath(2), MessageIn(2).group + 50);
  Flip(IndexPath(2), 5000);
  Flip(SegmentPath(3), 20);
  Flip(LogPath(log::CheckpointFileName(log::ListCheckpoints(disk_, LogPath(""))->back())), 200);
  RepairAndCompare(1);
}

TEST_F(RepairTest, OrphansAreMovedAsideAndLostPayloadsStayMarked) {
  const std::string orphan = Concat(kData, "/payloads/00/11/0011", std::string(28, 'a'));
  ASSERT_TRUE(disk_.CreateDirectories(io::ParentPath(orphan)).ok());
  ASSERT_TRUE(io::WriteFileAtomically(disk_, orphan, "whose am I").ok());
  std::vector<std::string> paths = PayloadPaths();
  std::erase(paths, orphan);
  ASSERT_TRUE(disk_.Remove(paths[0]).ok());
  const Repaired repaired = MustRepair();
  EXPECT_EQ(repaired.before.damaged, 2u);
  // What no repair can bring back is still said.
  ASSERT_EQ(repaired.after.damaged, 1u);
  EXPECT_EQ(repaired.after.findings[0].kind, FindingKind::kPayload);
  EXPECT_EQ(Contents(repaired.kept_in + orphan.substr(std::string(kData).size())), "whose am I");
  EXPECT_THAT(PayloadPaths(), Not(Contains(orphan)));
  const SeenMessages seen = StartAndReadAll();
  EXPECT_EQ(seen.size(), all_.size());
  EXPECT_EQ(
      std::count_if(seen.begin(), seen.end(), [](const auto& entry) { return entry.second.payload == "(unreadable)"; }),
      1);
}

// ---- Interruptions

TEST_F(RepairTest, ARepairThatIsCutOffAnywhereCanBeDoneAgain) {
  Flip(SegmentPath(2), MessageIn(2).record + 60);
  Flip(SegmentPath(3), MessageIn(3).group + 50);
  Flip(IndexPath(1), 5000);
  const auto damaged = CopyOf(kData);
  bool finished = false;
  for (uint64_t after = 0; !finished; after += 9) {
    ASSERT_LT(after, 3000u);
    for (const std::string& path : FilesBelow(kData)) ASSERT_TRUE(disk_.Remove(path).ok());
    for (const auto& [path, bytes] : damaged) ASSERT_TRUE(io::WriteFileAtomically(disk_, path, bytes).ok());
    disk_.FreezeAt(disk_.operations() + after);
    clock_.Advance(1'000'000);
    finished = ExamineAndRepair(Options()).ok() && !disk_.frozen();
    disk_.Freeze();
    disk_.PowerCut(after + 1);
    const Repaired repaired = MustRepair();
    ASSERT_TRUE(repaired.after.sound()) << "cut off after " << after
                                        << " operations: " << repaired.after.findings.front().what;
    ASSERT_EQ(StartAndReadAll().size(), all_.size() - 1) << "cut off after " << after << " operations";
    ASSERT_EQ(Positions(), positions_);
    Stop();
  }
}

// ---- Any byte

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// One to three flipped bytes anywhere: what is served differs from what was written only where the doctor says so, and
// a repair leaves a sound directory that serves what could be read.
TEST_F(RepairTest, AnyFlippedByteIsFoundOrHarmless) {
  const uint64_t first = FromEnvironment("MTS_DOCTOR_SEED", std::random_device()());
  const uint64_t stories = FromEnvironment("MTS_DOCTOR_STORIES", 30);
  const auto whole = CopyOf(kData);
  uint64_t found = 0;
  for (uint64_t seed = first; seed < first + stories; ++seed) {
    SCOPED_TRACE(Concat("MTS_DOCTOR_SEED=", seed));
    std::mt19937_64 random(seed);
    for (const std::string& path : FilesBelow(kData)) ASSERT_TRUE(disk_.Remove(path).ok());
    for (const auto& [path, bytes] : whole) ASSERT_TRUE(io::WriteFileAtomically(disk_, path, bytes).ok());
    std::string flipped;
    for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
      auto file = whole.begin();
      std::advance(file, static_cast<ptrdiff_t>(random() % whole.size()));
      if (file->second.empty()) continue;
      const uint64_t offset = random() % file->second.size();
      Flip(file->first, offset, static_cast<char>(1 << random() % 8));
      flipped += Concat(file->first, "@", offset, " ");
    }
    SCOPED_TRACE(flipped);
    const Report report = MustExamine();
    const SeenMessages before = ReadableBefore();
    if (report.findings.empty()) {
      ASSERT_EQ(before, all_);
    } else {
      ++found;
    }
    uint64_t unreadable = 0;
    for (const auto& [sequence, message] : all_) {
      const auto served = before.find(sequence);
      if (served != before.end() && served->second == message) continue;
      if (served != before.end()) {
        ASSERT_EQ(served->second.payload, "(unreadable)");
      }
      ++unreadable;
    }
    uint64_t touched = 0;
    bool tail = false;
    for (const Finding& finding : report.findings) {
      touched += finding.message_count;
      tail |= finding.kind == FindingKind::kTail;
    }
    if (!tail) {
      ASSERT_GE(touched, unreadable);
    }
    const Repaired repaired = MustRepair();
    for (const Finding& finding : repaired.after.findings) {
      ASSERT_TRUE(!finding.damage || finding.kind == FindingKind::kPayload) << finding.file << ": " << finding.what;
    }
    const SeenMessages after = StartAndReadAll();
    for (const auto& [sequence, message] : before) {
      const auto served = after.find(sequence);
      ASSERT_TRUE(served != after.end() && served->second == message) << "message " << sequence;
    }
    Stop();
  }
  std::printf("seeds from %lu on: %lu of %lu stories found\n", first, found, stories);
  EXPECT_GT(found, stories / 2);
}

}  // namespace
}  // namespace mts::maintenance
