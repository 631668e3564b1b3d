// What the tests of recovery share: a log to write, a start to try, a look at what is left. Threading: one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "log/checkpoint.h"
#include "log/recovery.h"
#include "log/recovery_test_support.h"

namespace mts::log {

class RecoveryFixture : public ::testing::Test {
 protected:
  // Recovers into a fresh state.
  absl::Status TryRecover() {
    state_ = std::make_unique<State>(max_subjects_, 120'000'000, 1000);
    segments_ = std::make_unique<RecordingSegmentSet>(files_, state_->catalogue, indexes_);
    auto result = Recover({&files_, kLogDirectory, &clock_}, *state_, *segments_);
    if (!result.ok()) return result.status();
    result_ = *std::move(result);
    return absl::OkStatus();
  }
  void MustRecover() {
    const absl::Status status = TryRecover();
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(segments_->AllReadable());
  }
  // What a second start finds is what the first one left.
  void MustRecoverTheSameAgain() {
    const std::vector<uint64_t> sequences = segments_->sequences();
    const RecoveryResult before = result_;
    const Sequence last = state_->last_sequence;
    MustRecover();
    EXPECT_EQ(segments_->sequences(), sequences);
    EXPECT_EQ(state_->last_sequence, last);
    EXPECT_EQ(result_.next_segment, before.next_segment);
    EXPECT_EQ(result_.cut_bytes, 0u);
  }
  void Checkpoint(LogPosition position) {
    ASSERT_TRUE(WriteCheckpoint(files_, kLogDirectory,
                                TakeSnapshot(*state_, segments_->Summaries(), position, clock_.MonotonicMicros(), 99))
                    .ok());
  }
  // After MustRecover: a checkpoint of everything; the log goes on in the segment that comes next.
  void CheckpointAll() { Checkpoint({result_.next_segment, kSegmentHeaderBytes}); }

  std::vector<std::string> Names() { return *files_.List(kLogDirectory); }
  std::map<std::string, std::string> Contents() {
    std::map<std::string, std::string> contents;
    for (const std::string& name : Names()) contents[name] = *io::ReadWholeFile(files_, LogPath(name), 1 << 24);
    return contents;
  }
  uint64_t MessagesOf(std::string_view subject) {
    const auto id = state_->catalogue.Find(subject);
    return id ? state_->catalogue.State(*id)->messages : 0;
  }
  std::vector<std::string> DamagedFiles() {
    std::vector<std::string> files;
    for (const DamageReport& report : result_.damage) files.push_back(report.file);
    return files;
  }

  io::FaultFileSystem files_;
  LogWriter log_{files_};
  ManualClock clock_;
  uint64_t max_subjects_ = 1000;
  RecordedIndexes indexes_;
  std::unique_ptr<State> state_;
  std::unique_ptr<RecordingSegmentSet> segments_;
  RecoveryResult result_;
};

}  // namespace mts::log
