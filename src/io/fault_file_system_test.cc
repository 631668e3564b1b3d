// The simulated disk keeps what was synced, can lose everything else, and never invents what was not written.
#include "io/fault_file_system.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

#include "base/text.h"

namespace mts::io {
namespace {

constexpr uint64_t kSeeds = 300;

std::unique_ptr<File> MustOpen(FileSystem& files, const std::string& path, OpenMode mode) {
  auto file = files.Open(path, mode);
  EXPECT_TRUE(file.ok()) << file.status();
  return *std::move(file);
}

std::string Content(FileSystem& files, const std::string& path) {
  auto bytes = ReadWholeFile(files, path, 1 << 24);
  return bytes.ok() ? *bytes : bytes.status().ToString();
}

void CreateDurable(FileSystem& files, const std::string& path, std::string_view bytes) {
  auto file = MustOpen(files, path, OpenMode::kCreate);
  ASSERT_TRUE(file->Write(0, bytes).ok());
  ASSERT_TRUE(file->SyncData().ok());
  ASSERT_TRUE(files.SyncDirectory(ParentPath(path)).ok());
}

TEST(FaultFileSystemTest, SyncedBytesSurviveEveryCut) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files(seed);
    CreateDurable(files, "a", std::string(20'000, 'x'));
    files.PowerCut(seed);
    ASSERT_EQ(Content(files, "a"), std::string(20'000, 'x')) << "seed " << seed;
  }
}

TEST(FaultFileSystemTest, UnsyncedBytesAreKeptLostAndKeptInPart) {
  std::set<std::string> kinds;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files;
    CreateDurable(files, "a", std::string(16'384, 'o'));
    auto file = MustOpen(files, "a", OpenMode::kReadWrite);
    ASSERT_TRUE(file->Write(1'000, std::string(10'000, 'n')).ok());
    files.PowerCut(seed);
    const std::string bytes = Content(files, "a");
    ASSERT_EQ(bytes.size(), 16'384u);
    // Outside of what was written nothing changes, torn sectors or not.
    ASSERT_EQ(bytes.substr(0, 1'000), std::string(1'000, 'o')) << "seed " << seed;
    ASSERT_EQ(bytes.substr(11'000), std::string(5'384, 'o')) << "seed " << seed;
    const std::string_view written = std::string_view(bytes).substr(1'000, 10'000);
    const bool has_new = written.find('n') != std::string_view::npos;
    const bool has_old = written.find('o') != std::string_view::npos;
    const bool has_noise = written.find_first_not_of("no") != std::string_view::npos;
    kinds.insert(Concat(has_new ? "new " : "", has_old ? "old " : "", has_noise ? "noise" : ""));
  }
  EXPECT_TRUE(kinds.contains("new "));
  EXPECT_TRUE(kinds.contains("old "));
  EXPECT_TRUE(kinds.contains("new old "));
  EXPECT_TRUE(kinds.contains("new old noise"));
}

TEST(FaultFileSystemTest, ALaterWriteCanReachTheDiskBeforeAnEarlierOne) {
  bool reordered = false;
  for (uint64_t seed = 0; seed < 10 * kSeeds && !reordered; ++seed) {
    FaultFileSystem files;
    CreateDurable(files, "a", std::string(16'384, 'o'));
    auto file = MustOpen(files, "a", OpenMode::kReadWrite);
    ASSERT_TRUE(file->Write(0, std::string(4'096, '1')).ok());
    ASSERT_TRUE(file->Write(8'192, std::string(4'096, '2')).ok());
    files.PowerCut(seed);
    const std::string bytes = Content(files, "a");
    reordered =
        bytes.substr(0, 4'096) == std::string(4'096, 'o') && bytes.substr(8'192, 4'096) == std::string(4'096, '2');
  }
  EXPECT_TRUE(reordered);
}

TEST(FaultFileSystemTest, AnUnsyncedSizeCanBeLostOrFilledWithZeros) {
  bool lost = false, zeros = false, kept = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files;
    CreateDurable(files, "a", "");
    auto file = MustOpen(files, "a", OpenMode::kReadWrite);
    ASSERT_TRUE(file->Write(0, std::string(8'192, 'n')).ok());
    files.PowerCut(seed);
    const std::string bytes = Content(files, "a");
    lost |= bytes.empty();
    zeros |= bytes == std::string(8'192, '\0');
    kept |= bytes == std::string(8'192, 'n');
  }
  EXPECT_TRUE(lost && zeros && kept);
}

TEST(FaultFileSystemTest, CutOffBytesDoNotComeBackAfterASync) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files;
    CreateDurable(files, "a", std::string(100, 'o'));
    auto file = MustOpen(files, "a", OpenMode::kReadWrite);
    ASSERT_TRUE(file->Truncate(10).ok());
    ASSERT_TRUE(file->Truncate(100).ok());
    ASSERT_TRUE(file->SyncData().ok());
    files.PowerCut(seed);
    ASSERT_EQ(Content(files, "a"), std::string(10, 'o') + std::string(90, '\0'));
  }
}

TEST(FaultFileSystemTest, ANameIsDurableOnlyAfterItsDirectoryWasSynced) {
  uint64_t there = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files;
    ASSERT_TRUE(files.CreateDirectories("d").ok());
    auto file = MustOpen(files, "d/a", OpenMode::kCreate);
    ASSERT_TRUE(file->Write(0, "text").ok());
    ASSERT_TRUE(file->SyncData().ok());
    files.PowerCut(seed);
    if (*files.Exists("d/a")) {
      ++there;
      EXPECT_EQ(Content(files, "d/a"), "text");
    }
  }
  EXPECT_GT(there, 0u);
  EXPECT_LT(there, kSeeds);
}

TEST(FaultFileSystemTest, ARenameIsAllOrNothingAndARemovedFileCanComeBack) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files;
    CreateDurable(files, "a", "new");
    CreateDurable(files, "b", "old");
    CreateDurable(files, "c", "gone");
    ASSERT_TRUE(files.Rename("a", "b").ok());
    ASSERT_TRUE(files.Remove("c").ok());
    files.PowerCut(seed);
    outcomes.insert(Concat(*files.Exists("a") ? "a " : "", Content(files, "b"), *files.Exists("c") ? " c" : ""));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"a old c", "a old", "new c", "new"}));
}

TEST(FaultFileSystemTest, ARenameBetweenDirectoriesNeverLosesTheFileAndIsDurableAfterBothSyncs) {
  std::set<std::string> outcomes;
  const std::vector<std::vector<std::string>> all_syncs = {{}, {"to"}, {"from"}, {"to", "from"}, {"from", "to"}};
  for (const std::vector<std::string>& syncs : all_syncs) {
    std::string order;
    for (const std::string& sync : syncs) order += sync + " ";
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      FaultFileSystem files;
      ASSERT_TRUE(files.CreateDirectories("from").ok());
      ASSERT_TRUE(files.CreateDirectories("to").ok());
      CreateDurable(files, "from/a", "text");
      ASSERT_TRUE(files.Rename("from/a", "to/a").ok());
      for (const std::string& sync : syncs) ASSERT_TRUE(files.SyncDirectory(sync).ok());
      files.PowerCut(seed);
      outcomes.insert(Concat(order, *files.Exists("from/a") ? "old" : "", *files.Exists("to/a") ? "new" : ""));
    }
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"old", "new", "oldnew", "to oldnew", "to new", "from old", "from new",
                                             "from oldnew", "to from new", "from to oldnew", "from to new"}));
}

TEST(FaultFileSystemTest, DirectoriesMadeAreThereAndSyncedFilesInThemStay) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files;
    ASSERT_TRUE(files.CreateDirectories("/x/y/z").ok());
    CreateDurable(files, "/x/y/z/a", "text");
    files.PowerCut(seed);
    ASSERT_EQ(Content(files, "/x/y/z/a"), "text");
  }
}

TEST(FaultFileSystemTest, DirectoriesThatAKilledProcessDidNotSyncAreSyncedByTheNext) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files(seed);
    files.FreezeAt(seed % 5);
    files.CreateDirectories("/x/y").IgnoreError();
    files.Thaw();
    ASSERT_TRUE(files.CreateDirectories("/x/y").ok());
    CreateDurable(files, "/x/y/a", "text");
    files.PowerCut(seed);
    ASSERT_EQ(Content(files, "/x/y/a"), "text") << "seed " << seed;
  }
}

TEST(FaultFileSystemTest, HandlesAreDeadAfterACutAndLocksAreFree) {
  FaultFileSystem files;
  auto file = MustOpen(files, "a", OpenMode::kCreate);
  auto lock = files.Lock("LOCK");
  ASSERT_TRUE(lock.ok());
  files.PowerCut(1);
  std::string to(1, '?');
  EXPECT_FALSE(file->ReadAt(0, absl::MakeSpan(to)).ok());
  EXPECT_FALSE(file->Write(0, "x").ok());
  EXPECT_FALSE(file->SyncData().ok());
  EXPECT_FALSE(file->Allocate(1).ok());
  EXPECT_FALSE(file->Size().ok());
  auto second = files.Lock("LOCK");
  EXPECT_TRUE(second.ok());
  lock->reset();  // of before the cut: does not free the new one
  EXPECT_FALSE(files.Lock("LOCK").ok());
}

TEST(FaultFileSystemTest, NothingChangesWhileFrozen) {
  FaultFileSystem files;
  CreateDurable(files, "a", "old");
  auto file = MustOpen(files, "a", OpenMode::kReadWrite);
  files.Freeze();
  EXPECT_FALSE(file->Write(0, "new").ok());
  EXPECT_FALSE(file->SyncData().ok());
  EXPECT_FALSE(files.Rename("a", "b").ok());
  EXPECT_FALSE(files.Remove("a").ok());
  EXPECT_FALSE(files.Open("c", OpenMode::kCreate).ok());
  EXPECT_EQ(Content(files, "a"), "old");
  files.PowerCut(1);
  EXPECT_EQ(Content(files, "a"), "old");
  EXPECT_TRUE(MustOpen(files, "c", OpenMode::kCreate)->Write(0, "x").ok());
}

TEST(FaultFileSystemTest, FreezeAtStopsAtThatChange) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FaultFileSystem files(seed);
    auto file = MustOpen(files, "a", OpenMode::kCreate);
    files.FreezeAt(files.operations() + 2);
    EXPECT_TRUE(file->Write(0, "1").ok());
    EXPECT_TRUE(file->Write(1, "2").ok());
    EXPECT_FALSE(file->Write(2, "3").ok());
    EXPECT_TRUE(files.frozen());
    EXPECT_FALSE(file->Write(3, "4").ok());
    contents.insert(Content(files, "a"));
  }
  EXPECT_EQ(contents, (std::set<std::string>{"12", "123"}));
}

TEST(FaultFileSystemTest, WhatAFailedSyncLeftBehindIsNotMadeDurableByTheNext) {
  bool lost = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files(seed);
    CreateDurable(files, "a", "old");
    auto file = MustOpen(files, "a", OpenMode::kReadWrite);
    ASSERT_TRUE(file->Write(0, "new").ok());
    files.FailNth(FaultOperation::kSyncData, 1, EIO);
    ASSERT_TRUE(absl::IsInternal(file->SyncData()));
    EXPECT_EQ(Content(files, "a"), "new");
    ASSERT_TRUE(file->SyncData().ok());
    files.PowerCut(seed);
    lost |= Content(files, "a") == "old";
  }
  EXPECT_TRUE(lost);
}

TEST(FaultFileSystemTest, EachKindOfOperationFailsWhenTold) {
  FaultFileSystem files;
  CreateDurable(files, "a", "text");
  auto file = MustOpen(files, "a", OpenMode::kReadWrite);
  const auto fail = [&files](FaultOperation operation) { files.FailNth(operation, 1, EIO); };
  std::string to(1, '?');
  fail(FaultOperation::kRead);
  EXPECT_FALSE(file->ReadAt(0, absl::MakeSpan(to)).ok());
  fail(FaultOperation::kAllocate);
  EXPECT_FALSE(file->Allocate(100).ok());
  fail(FaultOperation::kTruncate);
  EXPECT_FALSE(file->Truncate(1).ok());
  fail(FaultOperation::kRename);
  EXPECT_FALSE(files.Rename("a", "b").ok());
  fail(FaultOperation::kLink);
  EXPECT_FALSE(files.Link("a", "b").ok());
  fail(FaultOperation::kRemove);
  EXPECT_FALSE(files.Remove("a").ok());
  fail(FaultOperation::kCreate);
  EXPECT_FALSE(files.Open("b", OpenMode::kCreate).ok());
  fail(FaultOperation::kCreateDirectory);
  EXPECT_FALSE(files.CreateDirectories("d").ok());
  fail(FaultOperation::kSyncDirectory);
  EXPECT_FALSE(files.SyncDirectory("/").ok());
  files.FailNth(FaultOperation::kWrite, 2, ENOSPC);
  EXPECT_TRUE(file->Write(0, "1").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(file->Write(0, "2")));
  EXPECT_TRUE(file->Write(0, "3").ok());
  EXPECT_EQ(*files.List("/"), std::vector<std::string>{"a"});
  files.FailAll(FaultOperation::kWrite, EIO);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(file->Write(0, "4").ok());
  files.FailAll(FaultOperation::kWrite, 0);
  EXPECT_TRUE(file->Write(0, "5").ok());
}

TEST(FaultFileSystemTest, ASyncThatTheHookSkipsMakesNothingDurable) {
  bool lost = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files;
    CreateDurable(files, "a", "old");
    files.SetHook([](const FaultFileSystem::Call& call) {
      return call.operation == FaultOperation::kSyncData && call.path == "a" ? FaultFileSystem::Verdict::kSkip
                                                                             : FaultFileSystem::Verdict::kProceed;
    });
    auto file = MustOpen(files, "a", OpenMode::kReadWrite);
    ASSERT_TRUE(file->Write(0, "new").ok());
    ASSERT_TRUE(file->SyncData().ok());
    files.PowerCut(seed);
    lost |= Content(files, "a") == "old";
  }
  EXPECT_TRUE(lost);
}

TEST(FaultFileSystemTest, TheDiskHasASize) {
  FaultFileSystem files;
  files.SetCapacity(64 << 10);
  auto file = MustOpen(files, "a", OpenMode::kCreate);
  ASSERT_TRUE(file->Allocate(60 << 10).ok());
  EXPECT_EQ(*files.FreeBytes("/"), 4u << 10);
  EXPECT_TRUE(file->Write(59 << 10, std::string(1'024, 'x')).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(file->Write(60 << 10, std::string(8'192, 'x'))));
  EXPECT_TRUE(absl::IsResourceExhausted(file->Allocate(80 << 10)));
  ASSERT_TRUE(files.Remove("a").ok());
  EXPECT_EQ(*files.FreeBytes("/"), 4u << 10) << "still open";
  file.reset();
  EXPECT_EQ(*files.FreeBytes("/"), 64u << 10);
}

TEST(FaultFileSystemTest, CutsRepeatWithTheirSeed) {
  const auto run = [](uint64_t seed) {
    FaultFileSystem files(7);
    std::string all;
    for (const char* name : {"a", "b", "c", "d"}) {
      auto file = MustOpen(files, name, OpenMode::kCreate);
      EXPECT_TRUE(file->Write(0, std::string(9'000, name[0])).ok());
      if (name[0] < 'c') {
        EXPECT_TRUE(files.SyncDirectory("/").ok());
      }
    }
    files.PowerCut(seed);
    const std::vector<std::string> names = *files.List("/");
    for (const std::string& name : names) all += name + Content(files, name);
    return all;
  };
  std::set<std::string> different;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(run(seed), run(seed)) << "seed " << seed;
    different.insert(run(seed));
  }
  EXPECT_GT(different.size(), 20u);
}

TEST(FaultFileSystemTest, AtomicallyWrittenFilesAreOldOrNewAfterACutAtAnyPoint) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultFileSystem files(seed);
    ASSERT_TRUE(WriteFileAtomically(files, "a", std::string(10'000, 'o')).ok());
    files.FreezeAt(files.operations() + seed % 6);
    const bool answered = WriteFileAtomically(files, "a", std::string(12'000, 'n')).ok();
    files.PowerCut(seed);
    const std::string bytes = Content(files, "a");
    const bool is_new = bytes == std::string(12'000, 'n');
    ASSERT_TRUE(is_new || bytes == std::string(10'000, 'o')) << "seed " << seed;
    if (answered) {
      ASSERT_TRUE(is_new) << "seed " << seed;
    }
  }
}

TEST(FaultFileSystemTest, DamageShowsAndStays) {
  FaultFileSystem files;
  CreateDurable(files, "a", "text");
  files.Damage("a", 1, "E");
  EXPECT_EQ(Content(files, "a"), "tExt");
  files.PowerCut(1);
  EXPECT_EQ(Content(files, "a"), "tExt");
}

}  // namespace
}  // namespace mts::io
