// Backups of a running engine: a prefix that recovers with everything in it, whole or not there, cheap the second time.
#include "maintenance/backup.h"

#include <atomic>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "maintenance/maintenance_fixture.h"
#include "spdlog/spdlog.h"

namespace mts::maintenance {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class BackupTest : public MaintenanceFixture {
 protected:
  static constexpr char kBackup[] = "/backups/one";

  BackupTest() {
    spdlog::set_level(spdlog::level::off);
    EXPECT_TRUE(disk_.CreateDirectories("/backups").ok());
  }

  BackupOptions CopyOptions(const std::string& source, const std::string& target) {
    BackupOptions options;
    options.files = &disk_;
    options.source = source;
    options.target = target;
    options.clock = &clock_;
    return options;
  }
  BackupResult MustBackUp() {
    const auto result = Backup(CopyOptions(kData, kBackup));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : BackupResult{};
  }
  Report MustExamineBackup() {
    DoctorOptions options = Options();
    options.data_dir = kBackup;
    const auto report = Examine(options);
    EXPECT_TRUE(report.ok()) << report.status();
    if (report.ok()) {
      for (const Finding& finding : report->findings)
        EXPECT_FALSE(finding.damage) << finding.file << ": " << finding.what;
    }
    return report.ok() ? *report : Report{};
  }
  // What an engine serves that starts on a restored copy of the backup.
  SeenMessages RestoreAndRead(std::map<std::string, uint64_t>& positions) {
    Stop();
    const std::string target = Concat("/restored-", ++restored_);
    const auto counts = Restore(CopyOptions(kBackup, target));
    EXPECT_TRUE(counts.ok()) << counts.status();
    Start(target);
    SeenMessages seen = ReadAll();
    positions = Positions();
    Stop();
    return seen;
  }

  int restored_ = 0;
};

TEST_F(BackupTest, WhatIsRestoredIsWhatWasThere) {
  Start();
  Fill(300);
  const SeenMessages all = ReadAll();
  const auto positions = Positions();
  const BackupResult result = MustBackUp();
  EXPECT_EQ(result.last_sequence, Sequence(300));
  EXPECT_EQ(result.payload_files, 30u);
  EXPECT_EQ(result.missing_payload_files, 0u);
  EXPECT_GT(result.counts.linked, 30u);
  EXPECT_EQ(result.counts.copied, 1u) << "only the active segment";
  EXPECT_EQ(MustExamineBackup().examined.messages, 300u);
  // What comes later is not in it, also where files are linked.
  Fill(200);
  EXPECT_EQ(MustExamineBackup().examined.messages, 300u);
  std::map<std::string, uint64_t> restored_positions;
  EXPECT_EQ(RestoreAndRead(restored_positions), all);
  EXPECT_EQ(restored_positions, positions);
  EXPECT_EQ(StartAndReadAll().size(), 500u) << "the source goes on as if nothing had been";
}

TEST_F(BackupTest, ASecondOneReplacesTheFirst) {
  Start();
  Fill(200);
  MustBackUp();
  Fill(100);
  const BackupResult second = MustBackUp();
  EXPECT_EQ(second.counts.copied, 1u);
  EXPECT_EQ(MustExamineBackup().examined.messages, 300u);
  EXPECT_THAT(*disk_.List("/backups"), ::testing::ElementsAre("one"));
}

TEST_F(BackupTest, WithoutLinksUnchangedFilesAreTakenOver) {
  Start();
  Fill(300);
  BackupOptions options = CopyOptions(kData, kBackup);
  options.copy_all = true;
  const auto first = Backup(options);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->counts.linked, 0u);
  Fill(20);
  const auto second = Backup(options);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GT(second->counts.taken_over, first->counts.copied / 2);
  EXPECT_LT(second->counts.copied_bytes, first->counts.copied_bytes / 2);
  EXPECT_EQ(MustExamineBackup().examined.messages, 320u);
}

TEST_F(BackupTest, RetentionAndRecyclingDoNotReachIt) {
  Start();
  Fill(300);
  MustBackUp();
  Retention limits;
  limits.max_messages = 50;
  for (bool more = true; more;) {
    const auto expired = WaitFor<absl::StatusOr<bool>>([&](auto done) { store_->Expire(limits, std::move(done)); });
    ASSERT_TRUE(expired.ok()) << expired.status();
    more = *expired;
  }
  Fill(300);
  EXPECT_EQ(MustExamineBackup().examined.messages, 300u);
}

TEST_F(BackupTest, UnderLoadAndRetentionItIsAPrefix) {
  Start();
  Fill(100);
  std::atomic<bool> stop{false};
  std::thread load([&] {
    Retention limits;
    limits.max_messages = 400;
    while (!stop) {
      Fill(20);
      WaitFor<absl::StatusOr<bool>>([&](auto done) { store_->Expire(limits, std::move(done)); }).IgnoreError();
    }
  });
  std::vector<Report> reports;
  for (int i = 0; i < 8; ++i) {
    MustBackUp();
    reports.push_back(MustExamineBackup());
  }
  stop = true;
  load.join();
  for (size_t i = 1; i < reports.size(); ++i) {
    EXPECT_GE(reports[i].examined.last_sequence, reports[i - 1].examined.last_sequence);
  }
  const SeenMessages now = ReadAll();
  std::map<std::string, uint64_t> positions;
  const SeenMessages restored = RestoreAndRead(positions);
  ASSERT_FALSE(restored.empty());
  // Nothing is missing in between, and every message is the one that was published.
  EXPECT_EQ(restored.rbegin()->first - restored.begin()->first + 1, restored.size());
  for (const auto& [sequence, message] : restored) {
    EXPECT_NE(message.payload, "(unreadable)");
    const auto found = now.find(sequence);
    if (found != now.end()) {
      EXPECT_EQ(found->second, message);
    }
  }
}

TEST_F(BackupTest, OtherDirectoriesAreRefusedAndLeftAlone) {
  Start();
  Fill(20);
  ASSERT_TRUE(disk_.CreateDirectories("/backups/one").ok());
  ASSERT_TRUE(io::WriteFileAtomically(disk_, "/backups/one/letter", "dear").ok());
  const absl::Status refused = Backup(CopyOptions(kData, kBackup)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_EQ(Contents("/backups/one/letter"), "dear");
  EXPECT_TRUE(absl::IsInvalidArgument(Backup(CopyOptions(kData, "/data/backup")).status()));
  EXPECT_TRUE(absl::IsNotFound(Backup(CopyOptions("/nothing", "/backups/two")).status()));
  EXPECT_TRUE(absl::IsNotFound(Restore(CopyOptions("/backups/one", "/new")).status()));
  ASSERT_TRUE(Backup(CopyOptions(kData, "/backups/two")).ok());
  const absl::Status full = Restore(CopyOptions("/backups/two", "/backups/one")).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(full)) << full;
  EXPECT_THAT(std::string(full.message()), HasSubstr("letter"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Restore(CopyOptions("/backups/two", kData)).status()));
}

TEST_F(BackupTest, AnInterruptedOneLeavesTheEarlierOne) {
  Start();
  Fill(60);
  MustBackUp();
  Fill(60);
  Stop();
  uint64_t interrupted = 0;
  for (uint64_t after = 0;; after += 5) {
    ASSERT_LT(after, 2000u);
    disk_.FreezeAt(disk_.operations() + after);
    const bool finished = Backup(CopyOptions(kData, kBackup)).ok();
    disk_.Freeze();
    disk_.PowerCut(after + 1);
    const uint64_t messages = MustExamineBackup().examined.messages;
    ASSERT_TRUE(messages == 60 || messages == 120) << messages << " after " << after;
    if (finished) break;
    ++interrupted;
  }
  EXPECT_GT(interrupted, 10u);
  MustBackUp();
  EXPECT_EQ(MustExamineBackup().examined.messages, 120u);
  EXPECT_THAT(*disk_.List("/backups"), ::testing::ElementsAre("one"));
}

TEST_F(BackupTest, TheFirstOneIsThereWholeOrNot) {
  Start();
  Fill(40);
  Stop();
  for (uint64_t after = 0;; after += 5) {
    ASSERT_LT(after, 2000u);
    disk_.FreezeAt(disk_.operations() + after);
    const bool finished = Backup(CopyOptions(kData, kBackup)).ok();
    disk_.Freeze();
    disk_.PowerCut(after + 1);
    if (*disk_.Exists(kBackup)) {
      ASSERT_EQ(MustExamineBackup().examined.messages, 40u) << "after " << after;
    }
    if (finished) break;
  }
}

TEST_F(BackupTest, AnInterruptedRestoreLeavesNoLogAndCanBeDoneAgain) {
  Start();
  Fill(60);
  const SeenMessages all = ReadAll();
  MustBackUp();
  Stop();
  for (uint64_t after = 0;; after += 5) {
    ASSERT_LT(after, 2000u);
    const std::string target = Concat("/new-", after);
    disk_.FreezeAt(disk_.operations() + after);
    const bool finished = Restore(CopyOptions(kBackup, target)).ok();
    disk_.Freeze();
    disk_.PowerCut(after + 1);
    if (!*disk_.Exists(target + "/log")) {
      const auto again = Restore(CopyOptions(kBackup, target));
      ASSERT_TRUE(again.ok()) << again.status() << " after " << after;
    }
    Start(target);
    ASSERT_EQ(ReadAll(), all) << "after " << after;
    Stop();
    if (finished) break;
  }
}

TEST_F(BackupTest, MissingPayloadFilesAreSaidAndDoNotStopIt) {
  Start();
  Fill(100);
  store_->log().FinishIndexing();
  Stop();
  ASSERT_TRUE(disk_.Remove(PayloadPaths()[0]).ok());
  EXPECT_EQ(MustBackUp().missing_payload_files, 1u);
}

}  // namespace
}  // namespace mts::maintenance
