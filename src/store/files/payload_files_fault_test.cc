// Payload files on a disk that is full, fails, or loses its power (promises P3 and P6).
#include <gtest/gtest.h>

#include <cerrno>
#include <random>
#include <string>

#include "io/fault_file_system.h"
#include "store/files/payload_files.h"
#include "store/files/payload_files_fixture.h"

namespace mts::store {
namespace {

using io::FaultFileSystem;
using io::FaultOperation;

constexpr uint64_t kMiB = limits::kMiB;
const char kDirectory[] = "/data/payloads";

// An upload of five chunks of one MiB; the first error, if there is one.
absl::StatusOr<PayloadReference> UploadFiveMiB(PayloadStore& store, uint64_t expected_size) {
  auto upload = store.BeginUpload("subject", expected_size);
  if (!upload.ok()) return upload.status();
  for (int i = 0; i < 5; ++i) {
    absl::Status status = Write(**upload, std::string(kMiB, static_cast<char>('a' + i)));
    if (!status.ok()) return status;
  }
  return Finish(**upload);
}

TEST(PayloadFilesFaultTest, ADiskThatFillsUpAtAnyWriteRefusesAndLeavesNothing) {
  for (uint64_t nth = 1; nth <= 5; ++nth) {
    FaultFileSystem files(nth);
    auto store = OpenStore(files, kDirectory);
    files.FailNth(FaultOperation::kWrite, nth, ENOSPC);
    const auto refused = UploadFiveMiB(*store, 0);
    EXPECT_TRUE(absl::IsResourceExhausted(refused.status())) << refused.status();
    EXPECT_TRUE(ListPayloadFiles(files, kDirectory).empty());
    EXPECT_TRUE(UploadFiveMiB(*store, 0).ok()) << "goes on when there is room";
  }
}

TEST(PayloadFilesFaultTest, PutOnAFullDiskRefusesAndGoesOnWhenThereIsRoom) {
  FaultFileSystem files;
  files.SetCapacity(10 * kMiB);
  auto store = OpenStore(files, kDirectory, kMiB);
  std::vector<PayloadReference> stored;
  absl::Status status;
  while (true) {
    auto reference = Put(*store, std::string(2 * kMiB, 'x'));
    if (!reference.ok()) {
      status = reference.status();
      break;
    }
    stored.push_back(*reference);
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(stored.size(), 4u) << "one MiB is kept free";
  EXPECT_EQ(ListPayloadFiles(files, kDirectory).size(), 4u);
  ASSERT_TRUE(Remove(*store, {stored[0]}).ok());
  EXPECT_TRUE(Put(*store, std::string(2 * kMiB, 'x')).ok());
}

TEST(PayloadFilesFaultTest, AnAnnouncedSizeThatDoesNotFitIsRefusedAtOnceAndHeldForItsUpload) {
  FaultFileSystem files;
  files.SetCapacity(12 * kMiB);
  auto store = OpenStore(files, kDirectory, kMiB);
  EXPECT_TRUE(absl::IsResourceExhausted(store->BeginUpload("s", 12 * kMiB).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(store->BeginUpload("s", UINT64_MAX).status()));
  auto first = store->BeginUpload("s", 6 * kMiB);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsResourceExhausted(store->BeginUpload("s", 6 * kMiB).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Put(*store, std::string(6 * kMiB, 'x')).status()));
  auto unannounced = store->BeginUpload("s", 0);
  EXPECT_TRUE(Write(**unannounced, std::string(4 * kMiB, 'x')).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Write(**unannounced, std::string(2 * kMiB, 'x'))));
  EXPECT_TRUE(absl::IsResourceExhausted(Finish(**unannounced).status())) << "stays refused";
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(Write(**first, std::string(kMiB, 'y')).ok()) << i;
  EXPECT_TRUE(Finish(**first).ok());
  EXPECT_EQ(ListPayloadFiles(files, kDirectory).size(), 1u);
}

TEST(PayloadFilesFaultTest, AFailingDiskIsUnavailableAndLeavesNothing) {
  for (const FaultOperation operation :
       {FaultOperation::kCreate, FaultOperation::kWrite, FaultOperation::kSyncData, FaultOperation::kSyncDirectory}) {
    FaultFileSystem files;
    auto store = OpenStore(files, kDirectory);
    files.FailNth(operation, 1, EIO);
    const auto failed = UploadFiveMiB(*store, 5 * kMiB);
    EXPECT_TRUE(absl::IsUnavailable(failed.status())) << failed.status();
    EXPECT_TRUE(ListPayloadFiles(files, kDirectory).empty());
    EXPECT_TRUE(UploadFiveMiB(*store, 5 * kMiB).ok());
  }
}

TEST(PayloadFilesFaultTest, AFileThatCannotBeReadIsDataLossAndOthersAreNot) {
  FaultFileSystem files;
  auto store = OpenStore(files, kDirectory);
  const PayloadReference reference = *Put(*store, "text");
  files.FailNth(FaultOperation::kRead, 1, EIO);
  EXPECT_TRUE(absl::IsDataLoss(Get(*store, reference).status()));
  EXPECT_EQ(*Get(*store, reference), "text");
}

TEST(PayloadFilesFaultTest, MovesThatFailAreReportedBySyncKeptAndTriedAgain) {
  for (const FaultOperation operation :
       {FaultOperation::kCreateDirectory, FaultOperation::kSyncDirectory, FaultOperation::kRename}) {
    FaultFileSystem files;
    auto store = OpenStore(files, kDirectory);
    const PayloadReference reference = *Put(*store, "text");
    files.FailAll(operation, ENOSPC);
    store->Keep({reference});
    EXPECT_FALSE(store->SyncKept().ok());
    EXPECT_EQ(*Get(*store, reference), "text");
    files.FailAll(operation, 0);
    EXPECT_TRUE(store->SyncKept().ok());
    EXPECT_EQ(*Get(*store, reference), "text");
    EXPECT_TRUE(files.List(std::string(kDirectory) + "/incoming")->empty());
  }
}

TEST(PayloadFilesFaultTest, ARemovalIsDurableWhenItAnswers) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    FaultFileSystem files(seed);
    auto store = OpenStore(files, kDirectory);
    const PayloadReference reference = *Put(*store, "text");
    store->Keep({reference});
    ASSERT_TRUE(store->SyncKept().ok());
    files.FailNth(FaultOperation::kSyncDirectory, 1, EIO);
    EXPECT_TRUE(absl::IsUnavailable(Remove(*store, {reference})));
    ASSERT_TRUE(Remove(*store, {reference}).ok()) << "finds nothing and still syncs";
    store.reset();
    files.PowerCut(seed);
    store = OpenStore(files, kDirectory);
    ASSERT_TRUE(store->Recover({}).ok());
    ASSERT_TRUE(ListPayloadFiles(files, kDirectory).empty()) << "seed " << seed;
  }
}

TEST(PayloadFilesFaultTest, AMoveThatAKilledServerDidNotSyncIsMadeDurableByRecover) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    FaultFileSystem files(seed);
    auto store = OpenStore(files, kDirectory);
    const PayloadReference reference = *Put(*store, "text");
    store->Keep({reference});
    store.reset();  // moved, not synced
    store = OpenStore(files, kDirectory);
    ASSERT_TRUE(store->Recover({reference}).ok());
    ASSERT_TRUE(store->SyncKept().ok());  // a checkpoint passes it
    store.reset();
    files.PowerCut(seed);
    store = OpenStore(files, kDirectory);
    ASSERT_TRUE(store->Recover({}).ok());
    ASSERT_EQ(Get(*store, reference).value_or("lost"), "text") << "seed " << seed;
  }
}

// What a log would know of the payloads, and where its checkpoint is.
struct KnownPayloads {
  std::vector<std::pair<PayloadReference, std::string>> live;
  size_t before_checkpoint = 0;
};

void RunUntilTheDiskStops(FaultFileSystem& files, PayloadFiles& store, std::mt19937_64& random, KnownPayloads& known) {
  while (!files.frozen()) {
    std::string payload(random() % 20'000, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    const auto reference = Put(store, payload);
    if (!reference.ok()) continue;
    known.live.emplace_back(*reference, payload);
    // A record that names it became durable.
    if (random() % 8 != 0) store.Keep({*reference});
    if (random() % 6 == 0) {
      for (const auto& [kept, bytes] : known.live) store.Keep({kept});
      if (store.SyncKept().ok()) known.before_checkpoint = known.live.size();
    }
  }
}

TEST(PayloadFilesFaultTest, AnsweredPayloadsSurvivePowerCutsAtRandomPoints) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    FaultFileSystem files(seed);
    KnownPayloads known;
    for (int round = 0; round < 3; ++round) {
      auto store = OpenStore(files, kDirectory);
      std::vector<PayloadReference> named;
      for (size_t i = known.before_checkpoint; i < known.live.size(); ++i) named.push_back(known.live[i].first);
      ASSERT_TRUE(store->Recover(named).ok());
      ASSERT_EQ(store->doubled_at_recovery(), 0u) << "seed " << seed;
      known.before_checkpoint = known.live.size();
      ASSERT_EQ(ListPayloadFiles(files, kDirectory).size(), known.live.size()) << "seed " << seed;
      for (const auto& [reference, payload] : known.live) {
        const auto bytes = Get(*store, reference);
        ASSERT_TRUE(bytes.ok()) << bytes.status() << ", seed " << seed << ", round " << round;
        ASSERT_EQ(*bytes, payload) << "seed " << seed;
      }
      files.FreezeAt(files.operations() + random() % 60);
      RunUntilTheDiskStops(files, *store, random, known);
      store.reset();
      files.PowerCut(random());
    }
  }
}

}  // namespace
}  // namespace mts::store
