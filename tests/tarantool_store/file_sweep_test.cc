// The sweep over payload files whose messages are in Tarantool.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "broker/sweeper.h"
#include "io/file_system.h"
#include "store/files/payload_files.h"
#include "store/tarantool/tarantool_store.h"
#include "tests/servers/tarantool_server.h"
#include "tests/wait_for.h"

namespace mts::testing {
namespace {

constexpr int64_t kGrace = 600'000'000;

class FileSweepTest : public ::testing::Test {
 protected:
  FileSweepTest() : folder_("file-sweep") {}

  void SetUp() override {
    auto tarantool = TarantoolServer::Start();
    if (absl::IsNotFound(tarantool.status())) GTEST_SKIP() << tarantool.status().message();
    ASSERT_TRUE(tarantool.ok()) << tarantool.status();
    tarantool_ = *std::move(tarantool);
    store::TarantoolOptions metadata;
    metadata.addresses = {tarantool_->address()};
    metadata.user = TarantoolServer::kUser;
    metadata.password = TarantoolServer::kPassword;
    auto messages = store::TarantoolStore::Open(std::move(metadata));
    ASSERT_TRUE(messages.ok()) << messages.status();
    messages_ = *std::move(messages);
    store::PayloadFiles::Options options;
    options.files = &io::PosixFileSystem();
    options.directory = folder_.path() + "/payloads";
    options.min_free_bytes = 0;
    auto payloads = store::PayloadFiles::Open(std::move(options));
    ASSERT_TRUE(payloads.ok()) << payloads.status();
    payloads_ = *std::move(payloads);
    sweeper_ = std::make_unique<broker::Sweeper>(*messages_, messages_.get(), *payloads_, /*rewriter=*/nullptr,
                                                 broker::Sweeper::Options{.grace_micros = kGrace, .clock = &clock_},
                                                 /*start=*/false);
  }
  void TearDown() override {
    sweeper_.reset();
    if (messages_ != nullptr) messages_->Shutdown();
  }

  PayloadReference Put(const std::string& payload) {
    const auto stored =
        WaitFor<absl::StatusOr<PayloadReference>>([&](auto done) { payloads_->Put("a", payload, std::move(done)); });
    EXPECT_TRUE(stored.ok()) << stored.status();
    return stored.value_or(PayloadReference());
  }
  void Append(const PayloadReference& reference) {
    NewMessage message;
    message.subject = "a";
    message.reference = &reference;
    const auto outcome = WaitFor<store::AppendOutcome>([&](auto done) {
      messages_->Append({&message, 1}, std::move(done));
    });
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  }
  uint64_t Sweep() {
    const auto report = sweeper_->SweepOnce();
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->removed : UINT64_MAX;
  }
  std::string Read(const PayloadReference& reference) {
    return WaitFor<absl::StatusOr<std::string>>(
               [&](auto done) { payloads_->Get(reference, 0, reference.size, std::move(done)); })
        .value_or("nothing");
  }

  ManualClock clock_;
  ScratchFolder folder_;
  std::unique_ptr<TarantoolServer> tarantool_;
  std::unique_ptr<store::TarantoolStore> messages_;
  std::unique_ptr<store::PayloadFiles> payloads_;
  std::unique_ptr<broker::Sweeper> sweeper_;
};

TEST_F(FileSweepTest, FilesWithoutAMessageGoAfterTheGraceTime) {
  const PayloadReference moved = Put("named, in its place"), waiting = Put("named, still incoming");
  const PayloadReference orphan = Put("its message never came"), late = Put("its message comes late");
  const PayloadReference expired = Put("its message is gone");
  for (const PayloadReference& reference : {expired, moved, waiting}) Append(reference);
  payloads_->Keep({moved, expired});
  ASSERT_TRUE(payloads_->SyncKept().ok());
  Retention two;
  two.max_messages = 2;  // and whoever removed the message died before its file
  ASSERT_TRUE(WaitFor<absl::StatusOr<bool>>([&](auto done) { messages_->Expire(two, std::move(done)); }).ok());

  auto upload = payloads_->BeginUpload("a", 0);
  ASSERT_TRUE(upload.ok());
  const std::string half(4 * limits::kMiB, 'u');
  const auto write = [&] { return WaitFor<absl::Status>([&](auto done) { (*upload)->Write(half, std::move(done)); }); };
  ASSERT_TRUE(write().ok());

  EXPECT_EQ(Sweep(), 0u);
  clock_.Advance(kGrace - 1);
  EXPECT_EQ(Sweep(), 0u);
  Append(late);
  clock_.Advance(1);
  EXPECT_EQ(Sweep(), 2u);
  EXPECT_EQ(Read(orphan), "nothing");
  EXPECT_EQ(Read(expired), "nothing");
  EXPECT_EQ(Read(moved), "named, in its place");
  EXPECT_EQ(Read(waiting), "named, still incoming");
  EXPECT_EQ(Read(late), "its message comes late");

  // An upload may take longer than the grace time, which begins with its end.
  ASSERT_TRUE(write().ok());
  const auto uploaded =
      WaitFor<absl::StatusOr<PayloadReference>>([&](auto done) { (*upload)->Finish(std::move(done)); });
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  clock_.Advance(kGrace);
  EXPECT_EQ(Sweep(), 0u);
  Append(*uploaded);
  clock_.Advance(kGrace);
  EXPECT_EQ(Sweep(), 0u);
  EXPECT_EQ(Read(*uploaded), half + half);
}

}  // namespace
}  // namespace mts::testing
