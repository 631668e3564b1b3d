// What payload files do on a disk that works, the real one and the simulated one.
#include "store/files/payload_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <string>

#include "base/crc32c.h"
#include "io/fault_file_system.h"
#include "store/files/payload_files_fixture.h"

namespace mts::store {
namespace {

std::string RandomBytes(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(count, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

class PayloadFilesTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      char name[] = "/tmp/mts_payloads_XXXXXX";
      ASSERT_NE(::mkdtemp(name), nullptr);
      directory_ = name;
    } else {
      directory_ = "/data/payloads";
    }
    store_ = OpenStore(files(), directory_);
  }
  void TearDown() override {
    store_.reset();
    if (GetParam()) std::filesystem::remove_all(directory_);
  }
  io::FileSystem& files() { return GetParam() ? io::PosixFileSystem() : static_cast<io::FileSystem&>(fault_); }

  io::FaultFileSystem fault_;
  std::string directory_;
  std::unique_ptr<PayloadFiles> store_;
};

TEST_P(PayloadFilesTest, PutThenGetWholeAndInParts) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1} << 20, size_t{9} << 20}) {
    const std::string payload = RandomBytes(size, size);
    const auto reference = Put(*store_, payload);
    ASSERT_TRUE(reference.ok()) << reference.status();
    EXPECT_EQ(reference->kind, PayloadKind::kStored);
    EXPECT_EQ(reference->size, size);
    EXPECT_EQ(reference->crc32c, Crc32c(payload));
    EXPECT_EQ(*Get(*store_, *reference), payload);
    EXPECT_EQ(*Size(*store_, *reference), size);
    EXPECT_EQ(*Get(*store_, *reference, size / 2, 1'000), payload.substr(size / 2, 1'000));
    EXPECT_EQ(*Get(*store_, *reference, size, 10), "");
    EXPECT_EQ(*Get(*store_, *reference, UINT64_MAX, UINT64_MAX), "");
  }
}

TEST_P(PayloadFilesTest, UploadsOfManyChunkSizesComeBackIdentical) {
  for (const size_t chunk : {size_t{100}, size_t{70'000}, size_t{1} << 20, size_t{3} << 20}) {
    const std::string payload = RandomBytes(chunk < 1000 ? 100'050 : 5'000'001, chunk);
    auto upload = store_->BeginUpload("subject", payload.size());
    ASSERT_TRUE(upload.ok()) << upload.status();
    for (size_t at = 0; at < payload.size(); at += chunk) {
      ASSERT_TRUE(Write(**upload, payload.substr(at, chunk)).ok());
    }
    const auto reference = Finish(**upload);
    ASSERT_TRUE(reference.ok()) << reference.status();
    upload->reset();
    EXPECT_EQ(*Get(*store_, *reference), payload);
  }
}

TEST_P(PayloadFilesTest, AnUploadThatEndsEarlyLeavesNothing) {
  {
    auto upload = store_->BeginUpload("subject", 0);
    ASSERT_TRUE(Write(**upload, std::string(3 << 20, 'x')).ok());
    EXPECT_EQ(ListPayloadFiles(files(), directory_).size(), 1u);
  }
  store_.reset();
  EXPECT_TRUE(ListPayloadFiles(files(), directory_).empty());
}

TEST_P(PayloadFilesTest, KeptFilesMoveToTheirPlacesAndStayReadable) {
  std::vector<PayloadReference> references;
  for (int i = 0; i < 20; ++i) references.push_back(*Put(*store_, RandomBytes(1'000, i)));
  for (const std::string& path : ListPayloadFiles(files(), directory_)) EXPECT_TRUE(path.starts_with("incoming/"));
  store_->Keep(references);
  ASSERT_TRUE(store_->SyncKept().ok());
  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) {
    const std::string& key = references[i].key;
    expected.push_back(key.substr(0, 2) + "/" + key.substr(2, 2) + "/" + key);
    EXPECT_EQ(*Get(*store_, references[i]), RandomBytes(1'000, i));
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(ListPayloadFiles(files(), directory_), expected);
  store_->Keep(references);  // once more changes nothing
  EXPECT_TRUE(store_->SyncKept().ok());
}

TEST_P(PayloadFilesTest, RemoveFindsBothPlacesAndSucceedsWithoutAFile) {
  const PayloadReference kept = *Put(*store_, "kept"), incoming = *Put(*store_, "incoming");
  store_->Keep({kept});
  ASSERT_TRUE(store_->SyncKept().ok());
  EXPECT_EQ(*Get(*store_, kept), "kept");
  EXPECT_TRUE(Remove(*store_, {kept, incoming}).ok());
  EXPECT_TRUE(Remove(*store_, {kept, incoming}).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(*store_, kept).status()));
  EXPECT_TRUE(absl::IsNotFound(Size(*store_, incoming).status()));
  EXPECT_TRUE(ListPayloadFiles(files(), directory_).empty());
}

TEST_P(PayloadFilesTest, TheListHasWhatIsWholeInBothPlaces) {
  const auto list = [this] {
    std::set<std::string> keys;
    std::string from;
    do {
      const auto page = WaitFor<absl::StatusOr<ObjectInventory::ObjectPage>>(
          [&](auto done) { store_->ListObjects(from, std::move(done)); });
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const auto& object : page->objects) EXPECT_TRUE(keys.insert(object.key).second) << object.key;
      from = page->next;
    } while (!from.empty());
    return keys;
  };
  EXPECT_TRUE(list().empty());
  std::set<std::string> expected;
  std::vector<PayloadReference> references;
  for (int i = 0; i < 40; ++i) {
    references.push_back(*Put(*store_, std::to_string(i)));
    expected.insert(references.back().key);
  }
  store_->Keep({references.begin(), references.begin() + 30});
  ASSERT_TRUE(store_->SyncKept().ok());
  auto upload = store_->BeginUpload("subject", 0);
  ASSERT_TRUE(Write(**upload, RandomBytes(3 << 20, 1)).ok());
  ASSERT_EQ(ListPayloadFiles(files(), directory_).size(), 41u);
  EXPECT_EQ(list(), expected);
  expected.insert(Finish(**upload)->key);
  EXPECT_EQ(list(), expected);

  const auto remove = [this](std::vector<std::string> keys) {
    return WaitFor<absl::Status>([&](auto done) { store_->RemoveObjects(std::move(keys), std::move(done)); });
  };
  EXPECT_TRUE(remove({references.front().key, references.back().key}).ok());
  EXPECT_TRUE(remove({references.front().key}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(remove({"../../" + references[1].key})));
  expected.erase(references.front().key);
  expected.erase(references.back().key);
  EXPECT_EQ(list(), expected);
  for (const char* from : {"256", "x", "-1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(WaitFor<absl::StatusOr<ObjectInventory::ObjectPage>>([&](auto done) {
                                          store_->ListObjects(from, std::move(done));
                                        }).status()));
  }
}

TEST_P(PayloadFilesTest, NamesThatAreNotOursNeverBecomePaths) {
  ASSERT_TRUE(io::WriteFileAtomically(files(), io::JoinPath(directory_, "secret"), "secret").ok());
  PayloadReference reference;
  reference.size = 6;
  for (const std::string key : {"../secret", "secret", "", "0123", "../../../../../../etc/passwd......",
                                "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcde/"}) {
    for (const PayloadKind kind : {PayloadKind::kStored, PayloadKind::kNamed, PayloadKind::kInline}) {
      reference.key = key;
      reference.kind = kind;
      EXPECT_TRUE(absl::IsNotFound(Get(*store_, reference).status())) << key;
      EXPECT_TRUE(absl::IsNotFound(Size(*store_, reference).status())) << key;
      EXPECT_TRUE(Remove(*store_, {reference}).ok());
      store_->Keep({reference});
    }
  }
  PayloadReference named = *Put(*store_, "payload");
  named.kind = PayloadKind::kNamed;
  EXPECT_TRUE(absl::IsNotFound(Get(*store_, named).status()));
  EXPECT_TRUE(Remove(*store_, {named}).ok());
  named.kind = PayloadKind::kStored;
  EXPECT_EQ(*Get(*store_, named), "payload");
  EXPECT_TRUE(*files().Exists(io::JoinPath(directory_, "secret")));
}

TEST_P(PayloadFilesTest, ShortAndChangedFilesAreDataLoss) {
  const std::string payload = RandomBytes(10'000, 1);
  const PayloadReference reference = *Put(*store_, payload);
  const std::string path = directory_ + "/incoming/" + reference.key;
  {
    auto file = files().Open(path, io::OpenMode::kReadWrite);
    ASSERT_TRUE((*file)->Write(5'000, payload[5'000] == 'x' ? "y" : "x").ok());
  }
  EXPECT_TRUE(absl::IsDataLoss(Get(*store_, reference).status()));
  EXPECT_TRUE(Get(*store_, reference, 0, 100).ok()) << "a part cannot be checked";
  {
    auto file = files().Open(path, io::OpenMode::kReadWrite);
    ASSERT_TRUE((*file)->Truncate(9'999).ok());
  }
  store_ = OpenStore(files(), directory_);
  EXPECT_TRUE(absl::IsDataLoss(Get(*store_, reference).status()));
  EXPECT_TRUE(absl::IsDataLoss(Get(*store_, reference, 0, 100).status()));
}

TEST_P(PayloadFilesTest, RecoverKeepsWhatIsNamedAndRemovesTheRest) {
  const PayloadReference named = *Put(*store_, "named"), orphan = *Put(*store_, "orphan"), old = *Put(*store_, "old");
  store_->Keep({old});
  ASSERT_TRUE(store_->SyncKept().ok());
  ASSERT_TRUE(io::WriteFileAtomically(files(), directory_ + "/incoming/foreign", "?").ok());
  store_ = OpenStore(files(), directory_);
  PayloadReference missing = named;
  missing.key = std::string(32, '0');
  ASSERT_TRUE(store_->Recover({named, missing}).ok());
  EXPECT_EQ(*Get(*store_, named), "named");
  EXPECT_EQ(*Get(*store_, old), "old");
  EXPECT_TRUE(absl::IsNotFound(Get(*store_, orphan).status()));
  EXPECT_TRUE(files().List(directory_ + "/incoming")->empty());
  EXPECT_EQ(store_->doubled_at_recovery(), 0u);
}

TEST_P(PayloadFilesTest, RecoverMendsAFileUnderBothNames) {
  const PayloadReference named = *Put(*store_, "named"), old = *Put(*store_, "old");
  store_->Keep({named, old});
  ASSERT_TRUE(store_->SyncKept().ok());
  for (const std::string& key : {named.key, old.key}) {
    const std::string place = directory_ + "/" + key.substr(0, 2) + "/" + key.substr(2, 2) + "/" + key;
    ASSERT_TRUE(files().Link(place, directory_ + "/incoming/" + key).ok());
  }
  ASSERT_TRUE(store_->Recover({named}).ok());
  EXPECT_EQ(store_->doubled_at_recovery(), 1u);
  EXPECT_TRUE(files().List(directory_ + "/incoming")->empty());
  EXPECT_EQ(*Get(*store_, named), "named");
  EXPECT_EQ(*Get(*store_, old), "old");
}

TEST_P(PayloadFilesTest, ManyAtOnce) {
  constexpr int kThreads = 4, kEach = 30;
  std::vector<std::thread> threads;
  std::vector<std::vector<PayloadReference>> references(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string payload = RandomBytes(2'000, t * 1'000 + i);
        const auto reference = Put(*store_, payload);
        ASSERT_TRUE(reference.ok()) << reference.status();
        store_->Keep({*reference});
        ASSERT_EQ(*Get(*store_, *reference), payload);
        if (i % 3 == 0) {
          ASSERT_TRUE(Remove(*store_, {*reference}).ok());
        } else {
          references[t].push_back(*reference);
        }
        if (i % 10 == 0) {
          ASSERT_TRUE(store_->SyncKept().ok());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(store_->SyncKept().ok());
  EXPECT_EQ(ListPayloadFiles(files(), directory_).size(), kThreads * kEach * 2u / 3);
  for (const auto& list : references) {
    for (const PayloadReference& reference : list) EXPECT_EQ(Get(*store_, reference)->size(), 2'000u);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PayloadFilesTest, testing::Values(true, false),
                         [](const auto& parameter) { return parameter.param ? "Posix" : "Simulated"; });

}  // namespace
}  // namespace mts::store
