#include "log/checkpoint.h"

#include <cerrno>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/fault_file_system.h"
#include "log/checkpoint_records.h"

namespace mts::log {
namespace {

using ::testing::ElementsAre;

constexpr char kDirectory[] = "/data/log";
constexpr int64_t kWindow = 1'000'000;

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() { files_.CreateDirectories(kDirectory).IgnoreError(); }

  static std::unique_ptr<State> NewState() { return std::make_unique<State>(1000, kWindow, 1000); }
  // A state in which everything is set.
  static std::unique_ptr<State> FullState() {
    auto state = NewState();
    for (const char* name : {"orders", "a.b", "a"}) {
      const SubjectId id = *state->catalogue.FindOrCreate(name);
      state->catalogue.MakeVisible(std::vector<VisibleMessage>{{id, 0, Sequence(5), 10, false}}, Timestamp(90));
    }
    state->consumers.Set({"d1", "orders"}, Sequence(3), Timestamp(77));
    state->consumers.Set({"d2", "*"}, Sequence(5), Timestamp(78));
    state->deduplication.Add(MakeDeduplicationKey("orders", "x"), Sequence(4), 1000);
    state->deduplication.Add(MakeDeduplicationKey("orders", "y"), Sequence(5), 2000);
    state->last_sequence = Sequence(5);
    state->reserved_through = Sequence(9);
    state->next_group = GroupNumber(12);
    state->last_time = Timestamp(99);
    state->trim = {SegmentNumber(2), Sequence(3)};
    state->pending_removals[GroupNumber(8)] = {{PayloadKind::kStored, 1, 2, 3, "key"}};
    return state;
  }
  static std::vector<SegmentSummary> Segments() {
    return {{SegmentNumber(2), 77, Sequence(3), Sequence(5), 3, 30, 9000, Timestamp(80), Timestamp(90)}};
  }
  CheckpointInfo WriteOne(const State& state) {
    return *WriteCheckpoint(files_, kDirectory,
                            TakeSnapshot(state, Segments(), {SegmentNumber(3), 4200}, 3000, 0x1234));
  }
  std::string Path(uint64_t number) { return io::JoinPath(kDirectory, CheckpointFileName(number)); }
  void Flip(uint64_t number, uint64_t offset) {
    std::string bytes = *io::ReadWholeFile(files_, Path(number), 1 << 20);
    bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
    (*files_.Open(Path(number), io::OpenMode::kReadWrite))->Write(0, bytes).IgnoreError();
  }
  std::vector<std::string> Names() { return *files_.List(kDirectory); }

  io::FaultFileSystem files_;
};

TEST_F(CheckpointTest, WhatIsLoadedIsWhatWasTaken) {
  const CheckpointInfo info = WriteOne(*FullState());
  EXPECT_EQ(info.number, 1u);
  auto state = NewState();
  const auto loaded = LoadCheckpoint(files_, kDirectory, 500'000, *state);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_TRUE(loaded->has_value());
  EXPECT_EQ((*loaded)->info.position, (LogPosition{SegmentNumber(3), 4200}));
  EXPECT_EQ((*loaded)->info.bytes, info.bytes);
  EXPECT_EQ(info.first_segment, SegmentNumber(2));
  EXPECT_EQ((*loaded)->info.first_segment, SegmentNumber(2));
  ASSERT_EQ((*loaded)->segments.size(), 1u);
  EXPECT_EQ((*loaded)->segments[0].identity, 77u);
  EXPECT_EQ((*loaded)->segments[0].end, 9000u);
  EXPECT_EQ((*loaded)->segments[0].last_time, Timestamp(90));

  EXPECT_EQ(state->last_sequence, Sequence(5));
  EXPECT_EQ(state->reserved_through, Sequence(9));
  EXPECT_EQ(state->next_group, GroupNumber(12));
  EXPECT_EQ(state->last_time, Timestamp(99));
  EXPECT_EQ(state->trim.first_segment, SegmentNumber(2));
  EXPECT_EQ(state->trim.first_sequence, Sequence(3));
  EXPECT_EQ(state->catalogue.subjects(), 3u);
  EXPECT_EQ(state->catalogue.messages(), 3u);
  const store::SubjectState orders = *state->catalogue.State(*state->catalogue.Find("orders"));
  EXPECT_EQ(orders.first, Sequence(5));
  EXPECT_EQ(orders.bytes, 10u);
  EXPECT_EQ(orders.first_time, Timestamp(90));
  EXPECT_EQ(state->consumers.Position({"d1", "orders"}), Sequence(3));
  EXPECT_EQ(state->consumers.List("*", "", 1).front().last_active, Timestamp(78));
  const std::vector<PayloadReference> removal = {{PayloadKind::kStored, 1, 2, 3, "key"}};
  EXPECT_EQ(state->pending_removals[GroupNumber(8)], removal);
}

TEST_F(CheckpointTest, DeduplicationIdsKeepTheirAge) {
  WriteOne(*FullState());  // at 3,000 µs: x is 2,000 µs old, y 1,000
  auto state = NewState();
  ASSERT_TRUE(LoadCheckpoint(files_, kDirectory, 50, *state).ok());
  const DeduplicationKey x = MakeDeduplicationKey("orders", "x");
  EXPECT_EQ(state->deduplication.Find(x, 50), Sequence(4));
  EXPECT_EQ(state->deduplication.Find(x, 50 + kWindow - 2000), Sequence(4));
  EXPECT_EQ(state->deduplication.Find(x, 50 + kWindow - 1999), std::nullopt);
}

TEST_F(CheckpointTest, NothingWhereThereIsNone) {
  auto state = NewState();
  const auto loaded = LoadCheckpoint(files_, kDirectory, 0, *state);
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(CheckpointTest, TheTwoNewestAreKept) {
  for (int i = 0; i < 4; ++i) WriteOne(*FullState());
  EXPECT_THAT(Names(), ElementsAre(CheckpointFileName(3), CheckpointFileName(4)));
}

TEST_F(CheckpointTest, ADamagedOneIsPassedOverWhereverTheDamageIs) {
  WriteOne(*FullState());
  const uint64_t bytes = WriteOne(*FullState()).bytes;
  for (uint64_t offset = 0; offset < bytes; offset += 3) {
    Flip(2, offset);
    auto state = NewState();
    const auto loaded = LoadCheckpoint(files_, kDirectory, 0, *state);
    ASSERT_TRUE(loaded.ok()) << "offset " << offset << ": " << loaded.status();
    ASSERT_TRUE(loaded->has_value()) << "offset " << offset;
    // A padding byte may be anything.
    if ((*loaded)->info.number == 1) {
      EXPECT_EQ(state->catalogue.messages(), 3u);
    }
    Flip(2, offset);
  }
}

TEST_F(CheckpointTest, ATruncatedOneIsPassedOver) {
  WriteOne(*FullState());
  const uint64_t bytes = WriteOne(*FullState()).bytes;
  for (uint64_t size = 0; size < bytes; size += 7) {
    const std::string whole = *io::ReadWholeFile(files_, Path(2), 1 << 20);
    (*files_.Open(Path(2), io::OpenMode::kReadWrite))->Truncate(size).IgnoreError();
    auto state = NewState();
    const auto loaded = LoadCheckpoint(files_, kDirectory, 0, *state);
    ASSERT_TRUE(loaded.ok()) << "size " << size;
    ASSERT_EQ((*loaded)->info.number, 1u) << "size " << size;
    EXPECT_EQ(state->catalogue.messages(), 3u);
    (*files_.Open(Path(2), io::OpenMode::kReadWrite))->Write(0, whole).IgnoreError();
  }
}

TEST_F(CheckpointTest, AVersionFromTheFutureIsRefused) {
  WriteOne(*FullState());
  CheckpointHeader fields;
  fields.number = 2;
  std::string header = EncodeCheckpointHeader(fields);
  header[12] = 2;
  const uint32_t crc = Crc32c(std::string_view(header).substr(12));
  StoreInteger<uint32_t>(header.data() + 8, crc);
  (*files_.Open(Path(2), io::OpenMode::kCreate))->Write(0, header).IgnoreError();
  auto state = NewState();
  const auto loaded = LoadCheckpoint(files_, kDirectory, 0, *state);
  EXPECT_TRUE(absl::IsFailedPrecondition(loaded.status())) << loaded.status();
}

TEST_F(CheckpointTest, AFullDiskLeavesTheOldOnesAndNoHalfFile) {
  WriteOne(*FullState());
  for (const io::FaultOperation operation : {io::FaultOperation::kCreate, io::FaultOperation::kWrite,
                                             io::FaultOperation::kSyncData, io::FaultOperation::kRename}) {
    files_.FailNth(operation, 1, ENOSPC);
    const auto written = WriteCheckpoint(files_, kDirectory, TakeSnapshot(*FullState(), {}, {}, 0, 1));
    EXPECT_TRUE(absl::IsResourceExhausted(written.status())) << written.status();
    EXPECT_THAT(Names(), ElementsAre(CheckpointFileName(1))) << io::FaultOperationName(operation);
  }
}

TEST_F(CheckpointTest, SurvivesAPowerCutOnceWritten) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    io::FaultFileSystem files(seed);
    ASSERT_TRUE(files.CreateDirectories(kDirectory).ok());
    ASSERT_TRUE(WriteCheckpoint(files, kDirectory, TakeSnapshot(*FullState(), {}, {}, 0, 1)).ok());
    files.PowerCut(seed);
    auto state = NewState();
    const auto loaded = LoadCheckpoint(files, kDirectory, 0, *state);
    ASSERT_TRUE(loaded.ok() && loaded->has_value()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace mts::log
