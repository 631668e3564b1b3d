// What the doctor finds, where, and which messages it says are touched.
#include "maintenance/doctor.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/checkpoint.h"
#include "maintenance/maintenance_fixture.h"
#include "spdlog/spdlog.h"

namespace mts::maintenance {
namespace {

using ::testing::HasSubstr;

class DoctorTest : public MaintenanceFixture {
 protected:
  DoctorTest() { spdlog::set_level(spdlog::level::off); }
  // Six segments or so, all with indexes, closed cleanly.
  void SetUp() override {
    Start();
    Fill(400);
    Stop();
  }
  const Finding& Only(const Report& report) {
    EXPECT_EQ(report.damaged, 1u);
    for (const Finding& finding : report.findings) {
      if (finding.damage) return finding;
    }
    static const Finding none;
    return none;
  }
  void ExpectTouched(const Finding& finding, const std::vector<Place>& places) {
    ASSERT_EQ(finding.message_count, places.size());
    for (size_t i = 0; i < places.size(); ++i) {
      EXPECT_EQ(finding.messages[i].subject, places[i].subject);
      EXPECT_EQ(finding.messages[i].sequence, Sequence(places[i].sequence));
    }
  }
  std::string NewestCheckpoint() {
    return LogPath(log::CheckpointFileName(log::ListCheckpoints(disk_, LogPath(""))->back()));
  }
};

TEST_F(DoctorTest, ACleanDirectoryIsSoundAndAllOfItIsLookedAt) {
  const Report report = MustExamine();
  EXPECT_TRUE(report.sound());
  EXPECT_TRUE(report.findings.empty()) << report.findings.front().what;
  EXPECT_EQ(report.examined.messages, 400u);
  EXPECT_EQ(report.examined.payload_files, 40u);
  EXPECT_EQ(report.examined.last_sequence, Sequence(400));
  EXPECT_GE(report.examined.segments, 4u);
  EXPECT_GE(report.examined.indexes, 3u);
  EXPECT_GE(report.examined.checkpoints, 1u);
}

TEST_F(DoctorTest, NothingIsWritten) {
  Flip(SegmentPath(2), MessageIn(2).record + 40);
  const uint64_t operations = disk_.operations();
  EXPECT_FALSE(MustExamine().sound());
  EXPECT_EQ(disk_.operations(), operations);
}

TEST_F(DoctorTest, ADirectoryInUseIsRefusedAndSoIsWhatIsNone) {
  Start();
  EXPECT_TRUE(absl::IsFailedPrecondition(Examine(Options()).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(ExamineAndRepair(Options()).status()));
  Stop();
  DoctorOptions options = Options();
  options.data_dir = "/nothing";
  const absl::Status status = Examine(options).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nothing"));
}

TEST_F(DoctorTest, ADamagedBodyNamesItsMessage) {
  const Place place = MessageIn(2);
  Flip(SegmentPath(2), place.record + 60);
  const Finding finding = Only(MustExamine());
  EXPECT_EQ(finding.kind, FindingKind::kSegment);
  EXPECT_EQ(finding.file, SegmentPath(2));
  EXPECT_EQ(finding.offset, place.record);
  EXPECT_EQ(finding.bytes, place.bytes);
  ExpectTouched(finding, {place});
}

TEST_F(DoctorTest, ADamagedHeaderNamesItsMessage) {
  const Place place = MessageIn(2);
  Flip(SegmentPath(2), place.record + 1);
  const Finding finding = Only(MustExamine());
  EXPECT_EQ(finding.offset, place.record);
  ExpectTouched(finding, {place});
}

TEST_F(DoctorTest, WithoutAnIndexTheSequenceIsKnownFromTheNeighbours) {
  const Place place = MessageIn(2);
  Flip(SegmentPath(2), place.record + 1);
  ASSERT_TRUE(disk_.Remove(IndexPath(2)).ok());
  const Finding finding = Only(MustExamine());
  ASSERT_EQ(finding.message_count, 1u);
  EXPECT_EQ(finding.messages[0].sequence, Sequence(place.sequence));
}

TEST_F(DoctorTest, ADamagedGroupHeaderTouchesNoMessage) {
  const Place place = MessageIn(3);
  Flip(SegmentPath(3), place.group + 50);
  const Finding finding = Only(MustExamine());
  EXPECT_EQ(finding.offset, place.group);
  EXPECT_EQ(finding.message_count, 0u);
}

TEST_F(DoctorTest, AMissingSegmentNamesItsMessages) {
  const std::vector<Place> places = Places(2);
  const auto messages = std::count_if(places.begin(), places.end(),
                                      [](const Place& place) { return place.type == log::RecordType::kMessage; });
  ASSERT_TRUE(disk_.Remove(SegmentPath(2)).ok());
  // The payload files that its messages named are orphans now, and its index is left over.
  Report report = MustExamine();
  std::erase_if(report.findings, [](const Finding& found) {
    return found.kind == FindingKind::kOrphan || found.kind == FindingKind::kLeftover;
  });
  ASSERT_EQ(report.findings.size(), 1u);
  const Finding& finding = report.findings[0];
  EXPECT_EQ(finding.kind, FindingKind::kMissing);
  EXPECT_EQ(finding.file, SegmentPath(2));
  EXPECT_EQ(finding.message_count, static_cast<uint64_t>(messages));
}

TEST_F(DoctorTest, DamageOfIndexesTellsThePage) {
  Flip(IndexPath(1), 4096 + 10);
  const Finding finding = Only(MustExamine());
  EXPECT_EQ(finding.kind, FindingKind::kIndex);
  EXPECT_EQ(finding.file, IndexPath(1));
  EXPECT_EQ(finding.offset, 4096u);
}

TEST_F(DoctorTest, AnIndexOfAnotherSegmentIsNoticed) {
  const std::string other = Contents(IndexPath(2));
  ASSERT_TRUE((*disk_.Open(IndexPath(1), io::OpenMode::kCreateOrTruncate))->Write(0, other).ok());
  const Finding finding = Only(MustExamine());
  EXPECT_EQ(finding.kind, FindingKind::kIndex);
  EXPECT_EQ(finding.file, IndexPath(1));
}

TEST_F(DoctorTest, ADamagedCheckpointTellsTheRecord) {
  Flip(NewestCheckpoint(), 300);
  const Finding finding = Only(MustExamine());
  EXPECT_EQ(finding.kind, FindingKind::kCheckpoint);
  EXPECT_EQ(finding.file, NewestCheckpoint());
  EXPECT_GT(finding.offset, 0u);
  EXPECT_LE(finding.offset, 300u);
}

TEST_F(DoctorTest, MissingCutAndChangedPayloadFilesNameTheirMessages) {
  const std::vector<std::string> paths = PayloadPaths();
  ASSERT_EQ(paths.size(), 40u);
  ASSERT_TRUE(disk_.Remove(paths[0]).ok());
  Flip(paths[1], 77);
  Truncate(paths[2], 10);
  const Report report = MustExamine();
  EXPECT_EQ(report.damaged, 3u);
  for (const std::string& path : {paths[0], paths[1], paths[2]}) {
    const auto found = std::find_if(report.findings.begin(), report.findings.end(),
                                    [&](const Finding& finding) { return finding.file == path; });
    ASSERT_NE(found, report.findings.end()) << path;
    EXPECT_EQ(found->kind, FindingKind::kPayload);
    ASSERT_EQ(found->message_count, 1u);
    EXPECT_EQ(found->messages[0].subject, "s.3");
  }
}

TEST_F(DoctorTest, APayloadFileThatNobodyNamesIsAnOrphan) {
  const std::string path = Concat(kData, "/payloads/00/11/0011", std::string(28, 'a'));
  ASSERT_TRUE(disk_.CreateDirectories(io::ParentPath(path)).ok());
  ASSERT_TRUE(io::WriteFileAtomically(disk_, path, "whose am I").ok());
  const Finding finding = Only(MustExamine());
  EXPECT_EQ(finding.kind, FindingKind::kOrphan);
  EXPECT_EQ(finding.file, path);
  EXPECT_EQ(finding.bytes, 10u);
}

TEST_F(DoctorTest, ATornTailIsWorthANoteOnly) {
  const uint64_t number = MustExamine().examined.segments;
  const Place last = Places(number).back();
  Flip(SegmentPath(number), last.record + 40);
  const Report report = MustExamine();
  EXPECT_TRUE(report.sound());
  ASSERT_EQ(report.notices, 1u);
  EXPECT_EQ(report.findings[0].kind, FindingKind::kTail);
  EXPECT_EQ(report.findings[0].offset, last.group);
}

TEST_F(DoctorTest, AVersionFromTheFutureIsNotLookedAt) {
  std::string header = Contents(SegmentPath(2)).substr(0, 64);
  header[12] = 2;
  StoreInteger<uint32_t>(header.data() + 8, Crc32c(std::string_view(header).substr(12)));
  disk_.Damage(SegmentPath(2), 0, header);
  EXPECT_TRUE(absl::IsFailedPrecondition(Examine(Options()).status()));
  const uint64_t operations = disk_.operations();
  EXPECT_TRUE(absl::IsFailedPrecondition(ExamineAndRepair(Options()).status()));
  EXPECT_EQ(disk_.operations(), operations);
}

TEST_F(DoctorTest, LongWorkCanBeStopped) {
  DoctorOptions options = Options();
  uint64_t total = 0;
  options.progress.total = [&](uint64_t bytes) { total = bytes; };
  options.progress.advance = [](uint64_t, std::string_view) { return absl::CancelledError("Ctrl-C"); };
  EXPECT_TRUE(absl::IsCancelled(Examine(options).status()));
  EXPECT_GT(total, 0u);
}

}  // namespace
}  // namespace mts::maintenance
