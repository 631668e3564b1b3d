// The payload store on real servers: MinIO and SeaweedFS.
#include "store/s3/s3_payloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "absl/synchronization/blocking_counter.h"
#include "base/crc32c.h"
#include "base/limits.h"
#include "tests/s3/s3_fixture.h"

namespace mts::testing {
namespace {

using limits::kKiB;
using limits::kMiB;
using store::S3Options;
using store::S3Payloads;

class S3PayloadsTest : public ::testing::TestWithParam<S3Kind> {
 protected:
  void SetUp() override {
    absl::Status status;
    server_ = SharedServer(GetParam(), &status);
    if (server_ == nullptr) GTEST_SKIP() << status.message();
    options_ = OptionsFor(server_->endpoint());
    Reopen();
    ASSERT_TRUE(store_->EnsureBucket().ok());
  }

  void Reopen() {
    auto opened = S3Payloads::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  // Two parts of it are on their way when it returns.
  std::unique_ptr<store::PayloadUpload> BeginLargeUpload() {
    auto upload = store_->BeginUpload("s", 0);
    EXPECT_TRUE(upload.ok()) << upload.status();
    for (int i = 0; i < 20; ++i) {
      const auto written =
          Wait<absl::Status>([&](auto done) { (*upload)->Write(std::string(kMiB, 'x'), std::move(done)); });
      EXPECT_TRUE(written.ok()) << written;
    }
    return *std::move(upload);
  }

  static void WaitForOpenUploads(RawClient& raw, size_t count) {
    while (true) {
      const auto open = raw.List({.prefix = "mts/open/", .after = {}, .token = {}});
      ASSERT_TRUE(open.ok()) << open.status();
      if (open->objects.size() == count) return;
    }
  }

  S3Server* server_ = nullptr;
  S3Options options_;
  std::unique_ptr<S3Payloads> store_;
};

INSTANTIATE_TEST_SUITE_P(Servers, S3PayloadsTest, ::testing::Values(S3Kind::kMinio, S3Kind::kSeaweedFs),
                         [](const auto& info) { return info.param == S3Kind::kMinio ? "MinIO" : "SeaweedFS"; });

TEST_P(S3PayloadsTest, PayloadsOfEverySizeComeBackWholeAndInRanges) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{255 * kKiB}, size_t{256 * kKiB}, size_t{3 * kMiB + 1},
                            size_t{5 * kMiB}, size_t{33 * kMiB + 7}}) {
    const std::string payload = RandomBytes(size, static_cast<uint32_t>(size + 1));
    const auto reference = Put(*store_, payload);
    ASSERT_TRUE(reference.ok()) << size << ": " << reference.status();
    EXPECT_EQ(reference->size, size);
    EXPECT_EQ(reference->crc32c, Crc32c(payload));
    const auto whole = Get(*store_, *reference);
    ASSERT_TRUE(whole.ok()) << size << ": " << whole.status();
    EXPECT_TRUE(*whole == payload) << size;
    const auto part = Get(*store_, *reference, size / 3, size / 2);
    ASSERT_TRUE(part.ok()) << part.status();
    EXPECT_TRUE(*part == payload.substr(size / 3, size / 2)) << size;
    const auto behind = Get(*store_, *reference, size + 5, 10);
    ASSERT_TRUE(behind.ok()) << behind.status();
    EXPECT_EQ(*behind, "");
    EXPECT_EQ(*Wait<absl::StatusOr<uint64_t>>([&](auto done) { store_->Size(*reference, std::move(done)); }), size);
  }
}

TEST_P(S3PayloadsTest, SmallPayloadsThatComeTogetherShareObjectsAndReads) {
  constexpr int kPayloads = 2000;
  std::vector<std::string> payloads;
  for (int i = 0; i < kPayloads; ++i) payloads.push_back(absl::StrCat("payload ", i, std::string(i % 500, 'x')));
  std::vector<PayloadReference> references(kPayloads);
  absl::BlockingCounter left(kPayloads);
  for (int i = 0; i < kPayloads; ++i) {
    store_->Put("s", payloads[i], [&, i](absl::StatusOr<PayloadReference> reference) {
      EXPECT_TRUE(reference.ok()) << reference.status();
      if (reference.ok()) references[i] = *std::move(reference);
      left.DecrementCount();
    });
  }
  left.Wait();
  EXPECT_LE(store_->statistics().puts, kPayloads / 100u);
  const uint64_t gets_before = store_->statistics().gets;
  for (int i = 0; i < kPayloads; ++i) {
    const auto payload = Get(*store_, references[i]);
    ASSERT_TRUE(payload.ok()) << payload.status();
    ASSERT_EQ(*payload, payloads[i]);
  }
  EXPECT_LE(store_->statistics().gets - gets_before, kPayloads / 100u);
  // A payload of a pack does not take the others with it.
  ASSERT_TRUE(Remove(*store_, {references[1000]}).ok());
  Reopen();
  EXPECT_EQ(*Get(*store_, references[1001]), payloads[1001]);
}

TEST_P(S3PayloadsTest, UploadsOfEverySizeAndChunking) {
  struct Case {
    size_t size;
    size_t chunk;
    uint64_t announced;
  };
  for (const Case& c :
       {Case{0, 1, 0}, Case{100, 7, 100}, Case{300 * kKiB, 64 * kKiB, 0}, Case{8 * kMiB, kMiB, 8 * kMiB},
        Case{8 * kMiB + 1, kMiB, 0}, Case{21 * kMiB + 13, 777'777, 0}, Case{20 * kMiB, 20 * kMiB, 0}}) {
    const std::string payload = RandomBytes(c.size, static_cast<uint32_t>(c.size + 2));
    const auto reference = Upload(*store_, payload, c.chunk, c.announced);
    ASSERT_TRUE(reference.ok()) << c.size << ": " << reference.status();
    EXPECT_EQ(reference->size, c.size);
    EXPECT_EQ(reference->crc32c, Crc32c(payload));
    const auto whole = Get(*store_, *reference);
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_TRUE(*whole == payload) << c.size;
  }
}

TEST_P(S3PayloadsTest, ASequentialReaderGetsEverythingInLargeRequests) {
  const std::string payload = RandomBytes(30 * kMiB + 5, 3);
  const auto reference = Upload(*store_, payload, kMiB);
  ASSERT_TRUE(reference.ok()) << reference.status();
  const uint64_t gets_before = store_->statistics().gets;
  for (uint64_t at = 0; at < payload.size(); at += kMiB) {
    const auto chunk = Get(*store_, *reference, at, kMiB);
    ASSERT_TRUE(chunk.ok()) << chunk.status();
    ASSERT_TRUE(*chunk == std::string_view(payload).substr(at, kMiB)) << at;
  }
  EXPECT_LE(store_->statistics().gets - gets_before, 12u);
}

TEST_P(S3PayloadsTest, AnAbandonedUploadLeavesNothing) {
  RawClient raw(options_);
  std::unique_ptr<store::PayloadUpload> upload = BeginLargeUpload();
  WaitForOpenUploads(raw, 1);
  upload.reset();
  WaitForOpenUploads(raw, 0);
  EXPECT_TRUE(List(*store_).empty());
}

TEST_P(S3PayloadsTest, UploadsThatNobodyFinishedAreEnded) {
  RawClient raw(options_);
  std::unique_ptr<store::PayloadUpload> upload = BeginLargeUpload();
  WaitForOpenUploads(raw, 1);
  auto cleaner = S3Payloads::Open(options_);
  ASSERT_TRUE(cleaner.ok());
  const Timestamp now = SystemClock().Now();
  const auto abort = [&](Timestamp before) {
    return Wait<absl::StatusOr<uint64_t>>([&](auto done) { (*cleaner)->AbortUploads(before, std::move(done)); });
  };
  EXPECT_EQ(*abort(Timestamp(now.value() - 3'600'000'000)), 0u);  // too young
  const auto ended = abort(Timestamp(now.value() + 60'000'000));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(*ended, 1u);
  EXPECT_EQ(*abort(Timestamp(now.value() + 60'000'000)), 0u);
  const auto finished = Wait<absl::StatusOr<PayloadReference>>([&](auto done) { upload->Finish(std::move(done)); });
  EXPECT_TRUE(absl::IsUnavailable(finished.status())) << finished.status();
  EXPECT_TRUE(List(*store_).empty());
}

TEST_P(S3PayloadsTest, RemovedIsGoneAndCanBeRemovedAgain) {
  const std::string payload = RandomBytes(300 * kKiB, 4);
  const auto reference = Put(*store_, payload);
  ASSERT_TRUE(reference.ok());
  ASSERT_TRUE(Get(*store_, *reference).ok());
  ASSERT_TRUE(Remove(*store_, {*reference}).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(*store_, *reference).status()));
  EXPECT_TRUE(Remove(*store_, {*reference}).ok());
  EXPECT_TRUE(Remove(*store_, {}).ok());
}

TEST_P(S3PayloadsTest, RemovesManyObjectsAndListsThemInPages) {
  RawClient raw(options_);
  const int kObjects = GetParam() == S3Kind::kMinio ? 1050 : 50;
  absl::BlockingCounter left(kObjects);
  const store::s3::ObjectKeys keys("mts/");
  std::vector<std::string> made;
  for (int i = 0; i < kObjects; ++i) made.push_back(keys.NewOne(SystemClock().Now()));
  for (const std::string& key : made) {
    raw.client.Put(key, {"x"}, Crc32c("x"), false, [&](const absl::Status& status) {
      EXPECT_TRUE(status.ok()) << status;
      left.DecrementCount();
    });
  }
  left.Wait();
  ASSERT_TRUE(raw.Put("orders/12345.json", "{}", Crc32c("{}")).ok());
  std::set<std::string> listed;
  for (const auto& object : List(*store_)) {
    EXPECT_TRUE(listed.insert(object.key).second);
    EXPECT_EQ(object.size, 1u);
    EXPECT_LT(std::abs(object.modified.value() - SystemClock().Now().value()), 600'000'000);
    EXPECT_TRUE(object.started);
    EXPECT_FALSE(object.pack);
  }
  EXPECT_EQ(listed, std::set<std::string>(made.begin(), made.end()));
  const auto foreign =
      Wait<absl::Status>([&](auto done) { store_->RemoveObjects({"orders/12345.json"}, std::move(done)); });
  EXPECT_TRUE(absl::IsInvalidArgument(foreign));
  const auto removed = Wait<absl::Status>([&](auto done) { store_->RemoveObjects(made, std::move(done)); });
  EXPECT_TRUE(removed.ok()) << removed;
  EXPECT_TRUE(List(*store_).empty());
  EXPECT_EQ(*Get(*store_, Named("orders/12345.json")), "{}");
}

TEST_P(S3PayloadsTest, NamesOfClientsWithEveryAwkwardCharacter) {
  RawClient raw(options_);
  const std::vector<std::string> names = {"orders/12345.json",
                                          "a b",
                                          "a+b",
                                          "a%2Fb",
                                          "a&b=c",
                                          "a?b#c",
                                          "\xC3\xBC/\xE6\x97\xA5\xE6\x9C\xAC",
                                          "quote'\"<>",
                                          "~tilde_-.",
                                          "semi;colon,comma:",
                                          "star*(paren)!",
                                          "at@dollar$",
                                          "plus+ space/",
                                          "{curly}[square]",
                                          "caret^backtick`pipe|"};
  for (const std::string& name : names) {
    if (name.back() == '/') continue;
    ASSERT_TRUE(raw.Put(name, name, Crc32c(name)).ok()) << name;
    const auto payload = Get(*store_, Named(name));
    ASSERT_TRUE(payload.ok()) << name << ": " << payload.status();
    EXPECT_EQ(*payload, name);
    EXPECT_EQ(*Wait<absl::StatusOr<uint64_t>>([&](auto done) { store_->Size(Named(name), std::move(done)); }),
              name.size());
    const auto page = raw.List({.prefix = name, .after = {}, .token = {}});
    ASSERT_TRUE(page.ok()) << name << ": " << page.status();
    ASSERT_EQ(page->objects.size(), name == "a b" ? 1u : page->objects.size()) << name;
    EXPECT_THAT(page->objects, ::testing::Contains(::testing::Field(&store::s3::ListedObject::key, name)));
  }
  ASSERT_TRUE(raw.Remove(names).ok());
  for (const std::string& name : names) EXPECT_TRUE(absl::IsNotFound(Get(*store_, Named(name)).status())) << name;
}

TEST_P(S3PayloadsTest, ANamedObjectIsReadFreshAndRangesEndWithIt) {
  RawClient raw(options_);
  ASSERT_TRUE(raw.Put("doc", "first", Crc32c("first")).ok());
  EXPECT_EQ(*Get(*store_, Named("doc")), "first");
  ASSERT_TRUE(raw.Put("doc", "second", Crc32c("second")).ok());
  EXPECT_EQ(*Get(*store_, Named("doc")), "second");
  EXPECT_EQ(*Get(*store_, Named("doc"), 3, 100), "ond");
  EXPECT_EQ(*Get(*store_, Named("doc"), 6, 100), "");
  ASSERT_TRUE(raw.Put("empty", "", 0).ok());
  EXPECT_EQ(*Get(*store_, Named("empty")), "");
  EXPECT_EQ(*Wait<absl::StatusOr<uint64_t>>([&](auto done) { store_->Size(Named("empty"), std::move(done)); }), 0u);
}

TEST_P(S3PayloadsTest, NamingAPackReachesNoPayloadOfOthers) {
  const auto first = Put(*store_, "warm up");
  ASSERT_TRUE(first.ok());
  store::s3::ObjectKeys keys("mts/");
  const std::string pack = keys.NewPack(SystemClock().Now());
  RawClient raw(options_);
  ASSERT_TRUE(raw.Put(pack, "secret", Crc32c("secret")).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(*store_, Named(pack)).status()));
  ASSERT_TRUE(Remove(*store_, {Named(pack), Named(first->key)}).ok());
  EXPECT_EQ(raw.Get(pack, 0, 100)->bytes, "secret");
  EXPECT_EQ(*Get(*store_, *first), "warm up");
}

TEST_P(S3PayloadsTest, MissingTruncatedAndDamagedObjectsAreToldApart) {
  RawClient raw(options_);
  const std::string payload = RandomBytes(400 * kKiB, 5);
  auto reference = Put(*store_, payload);
  ASSERT_TRUE(reference.ok());
  const std::string shorter = payload.substr(0, 1000);
  ASSERT_TRUE(raw.Put(reference->key, shorter, Crc32c(shorter)).ok());
  EXPECT_TRUE(absl::IsDataLoss(Get(*store_, *reference).status()));
  EXPECT_TRUE(absl::IsDataLoss(Get(*store_, *reference, 2000, 10).status()));
  std::string damaged = payload;
  damaged[777] = static_cast<char>(~damaged[777]);
  ASSERT_TRUE(raw.Put(reference->key, damaged, Crc32c(damaged)).ok());
  EXPECT_TRUE(absl::IsDataLoss(Get(*store_, *reference).status()));
  EXPECT_EQ(store_->statistics().checksum_errors, 1u);
  ASSERT_TRUE(raw.Put(reference->key, payload, Crc32c(payload)).ok());
  EXPECT_TRUE(*Get(*store_, *reference) == payload);  // what was damaged is not remembered
  ASSERT_TRUE(raw.Remove({reference->key}).ok());
  Reopen();
  EXPECT_TRUE(absl::IsNotFound(Get(*store_, *reference).status()));
}

TEST_P(S3PayloadsTest, TheServerRefusesABodyThatArrivesDamaged) {
  options_.request_timeout_micros = 300'000;
  RawClient raw(options_);
  EXPECT_FALSE(raw.Put("doc", "payload", Crc32c("other payload")).ok());
  EXPECT_TRUE(absl::IsNotFound(raw.Get("doc", 0, 10).status()));
}

TEST_P(S3PayloadsTest, WrongKeysAreToldAtTheStartAndRetryableForClients) {
  options_.secret_key = "wrong";
  Reopen();
  EXPECT_TRUE(absl::IsPermissionDenied(store_->EnsureBucket())) << store_->EnsureBucket();
  EXPECT_TRUE(absl::IsUnavailable(Put(*store_, "payload").status()));
  EXPECT_TRUE(absl::IsUnavailable(Get(*store_, Named("doc")).status()));
  EXPECT_TRUE(absl::IsUnavailable(Upload(*store_, std::string(9 * kMiB, 'x'), kMiB).status()));
}

TEST_P(S3PayloadsTest, AMissingBucketIsMadeAgainOnlyWhereThatIsWanted) {
  options_ = OptionsFor(server_->endpoint());
  options_.create_bucket = false;
  Reopen();
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->EnsureBucket())) << store_->EnsureBucket();
  if (GetParam() == S3Kind::kMinio) {  // SeaweedFS makes buckets itself, and knows no missing ones when it reads
    EXPECT_TRUE(absl::IsUnavailable(Get(*store_, Named("doc")).status()));
    EXPECT_TRUE(absl::IsUnavailable(Put(*store_, "payload").status()));
  }
  options_.create_bucket = true;
  Reopen();
  const auto reference = Put(*store_, "payload");  // without EnsureBucket: the server lost it while we ran
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(*Get(*store_, *reference), "payload");
}

TEST_P(S3PayloadsTest, AClockThatIsWrongByHoursIsCorrected) {
  for (const int64_t hours : {-5, 5}) {
    ManualClock clock(SystemClock().Now().value() + hours * 3'600'000'000);
    options_.clock = &clock;
    Reopen();
    const auto reference = Put(*store_, "payload");
    ASSERT_TRUE(reference.ok()) << reference.status();
    EXPECT_EQ(*Get(*store_, *reference), "payload");
    EXPECT_LE(store_->statistics().retries, 1u);
    store_.reset();
  }
}

TEST_P(S3PayloadsTest, LayoutPlainShowsPayloadsUnderTheirSubjects) {
  options_.layout = S3Options::Layout::kPlain;
  Reopen();
  const auto reference = Put(*store_, "payload", "orders.eu.New");
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_TRUE(reference->key.starts_with("mts/data/subject/orders/eu/-4eew/")) << reference->key;
  EXPECT_EQ(reference->offset, 0u);
  EXPECT_EQ(*Get(*store_, Named(reference->key)), "payload");  // as a reader of the bucket sees it
  const std::string worst(255, '\xFF');
  const auto deep = Put(*store_, "deep", worst);
  ASSERT_TRUE(deep.ok()) << deep.status();
  EXPECT_EQ(*Get(*store_, *deep), "deep");
  const auto listed = List(*store_);
  EXPECT_EQ(listed.size(), 2u);
  ASSERT_TRUE(Remove(*store_, {*reference, *deep}).ok());
  EXPECT_TRUE(List(*store_).empty());
}

TEST_P(S3PayloadsTest, UploadMemoryIsBoundedAndComesBack) {
  options_.upload_bytes = 64 * kMiB;
  Reopen();
  std::vector<std::unique_ptr<store::PayloadUpload>> uploads;
  for (int i = 0; i < 8; ++i) {
    auto upload = store_->BeginUpload("s", 0);
    ASSERT_TRUE(upload.ok()) << i;
    uploads.push_back(*std::move(upload));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(store_->BeginUpload("s", 0).status()));
  // With no memory to spare every upload still goes on, a part at a time.
  const std::string payload = RandomBytes(20 * kMiB, 6);
  for (uint64_t at = 0; at < payload.size(); at += kMiB) {
    const auto written =
        Wait<absl::Status>([&](auto done) { uploads[0]->Write(payload.substr(at, kMiB), std::move(done)); });
    ASSERT_TRUE(written.ok()) << written;
  }
  const auto reference =
      Wait<absl::StatusOr<PayloadReference>>([&](auto done) { uploads[0]->Finish(std::move(done)); });
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_TRUE(*Get(*store_, *reference) == payload);
  uploads.clear();
  for (int i = 0; i < 200 && !store_->BeginUpload("s", 64 * kMiB * 9000).ok(); ++i) List(*store_);
  EXPECT_TRUE(store_->BeginUpload("s", 64 * kMiB * 8000).ok());
}

TEST_P(S3PayloadsTest, ShutdownAnswersEverything) {
  std::atomic<int> answered{0};
  const std::string payload(100 * kKiB, 'x');
  for (int i = 0; i < 300; ++i) {
    store_->Put("s", payload, [&](const absl::StatusOr<PayloadReference>&) { ++answered; });
  }
  for (int i = 0; i < 50; ++i) {
    store_->Get(Named("doc"), 0, 10, [&](const absl::StatusOr<std::string>&) { ++answered; });
  }
  store_->Shutdown();
  EXPECT_EQ(answered, 350);
  EXPECT_TRUE(absl::IsUnavailable(Put(*store_, "late").status()));
  EXPECT_TRUE(absl::IsUnavailable(Get(*store_, Named("doc")).status()));
}

TEST(S3Rights, AReaderCannotWriteAndThatIsSaid) {
  absl::Status status;
  S3Server* server = SharedServer(S3Kind::kSeaweedFs, &status);
  if (server == nullptr) GTEST_SKIP() << status.message();
  S3Options options = OptionsFor(server->endpoint());
  auto admin = S3Payloads::Open(options);
  ASSERT_TRUE((*admin)->EnsureBucket().ok());
  const auto reference = Put(**admin, "payload");
  ASSERT_TRUE(reference.ok());
  options.access_key = S3Server::kReaderAccessKey;
  options.secret_key = S3Server::kReaderSecretKey;
  auto reader = S3Payloads::Open(options);
  EXPECT_TRUE((*reader)->EnsureBucket().ok());
  EXPECT_EQ(*Get(**reader, *reference), "payload");
  const auto refused = Put(**reader, "payload").status();
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("AccessDenied"));
  EXPECT_TRUE(absl::IsUnavailable(Remove(**reader, {*reference})));
  EXPECT_EQ(*Get(**admin, *reference), "payload");
}

TEST(S3Tls, OwnAuthorityIsTrustedAndAStrangerIsNot) {
  auto server = S3Server::Start(S3Kind::kMinio, /*tls=*/true);
  if (absl::IsNotFound(server.status())) GTEST_SKIP() << server.status().message();
  ASSERT_TRUE(server.ok()) << server.status();
  S3Options options = OptionsFor((*server)->endpoint());
  options.ca_file = (*server)->ca_file();
  auto store = S3Payloads::Open(options);
  ASSERT_TRUE((*store)->EnsureBucket().ok()) << (*store)->EnsureBucket();
  const std::string payload = RandomBytes(9 * kMiB, 7);
  const auto reference = Upload(**store, payload, kMiB);
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_TRUE(*Get(**store, *reference) == payload);
  options.ca_file.clear();
  auto stranger = S3Payloads::Open(options);
  EXPECT_FALSE((*stranger)->EnsureBucket().ok());
  EXPECT_TRUE(absl::IsUnavailable(Put(**stranger, "payload").status()));
}

}  // namespace
}  // namespace mts::testing
