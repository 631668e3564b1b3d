#include "broker/upload.h"

#include "base/crc32c.h"
#include "broker/broker_fixture.h"

namespace mts::broker {
namespace {

using ::testing::ElementsAre;

class UploadTest : public BrokerFixture {
 protected:
  static UploadFrame Frame(std::string subject = "a") {
    UploadFrame frame;
    frame.subject = std::move(subject);
    return frame;
  }
  absl::Status Write(Upload& upload, std::string chunk) {
    return WaitFor<absl::Status>([&](auto done) { upload.Write(std::move(chunk), std::move(done)); });
  }
  absl::StatusOr<Published> Finish(Upload& upload, uint64_t size, std::optional<uint32_t> crc32c = {}) {
    return WaitFor<absl::StatusOr<Published>>([&](auto done) { upload.Finish(size, crc32c, std::move(done)); });
  }
};

TEST_F(UploadTest, SmallPayloadsEndWithinTheirMessage) {
  auto upload = broker_->BeginUpload(Frame(), 0);
  ASSERT_TRUE(upload.ok());
  EXPECT_TRUE(Write(**upload, "hel").ok());
  EXPECT_TRUE(Write(**upload, "lo").ok());
  const auto published = Finish(**upload, 5, Crc32c("hello"));
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(published->object_name, "a_1");
  EXPECT_EQ(payloads_.count(), 0u);
  EXPECT_THAT(Payloads(Fetch(From("a"))), ElementsAre("hello"));
}

TEST_F(UploadTest, AnEmptyUploadIsAnEmptyMessage) {
  auto upload = broker_->BeginUpload(Frame(), 0);
  EXPECT_TRUE(Finish(**upload, 0).ok());
  EXPECT_THAT(Payloads(Fetch(From("a"))), ElementsAre(""));
}

TEST_F(UploadTest, LargePayloadsEndInThePayloadStoreWhetherTheirSizeIsKnownOrNot) {
  const std::string chunk(80, 'x');
  for (const uint64_t expected : {0u, 240u}) {
    auto upload = broker_->BeginUpload(Frame(), expected);
    ASSERT_TRUE(upload.ok());
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(Write(**upload, chunk).ok());
    ASSERT_TRUE(Finish(**upload, 240, Crc32c(chunk + chunk + chunk)).ok());
  }
  EXPECT_EQ(payloads_.kept(), 2u);
  EXPECT_THAT(Payloads(Fetch(From("a"))), ElementsAre(chunk + chunk + chunk, chunk + chunk + chunk));
}

TEST_F(UploadTest, WhatDoesNotAgreeLeavesNothingBehind) {
  const std::string chunk(120, 'x');
  {
    auto upload = broker_->BeginUpload(Frame(), 0);
    EXPECT_TRUE(Write(**upload, chunk).ok());
    EXPECT_TRUE(absl::IsInvalidArgument(Finish(**upload, 119).status()));
  }
  {
    auto upload = broker_->BeginUpload(Frame(), 0);
    EXPECT_TRUE(Write(**upload, chunk).ok());
    EXPECT_TRUE(absl::IsDataLoss(Finish(**upload, 120, 1).status()));
  }
  {
    auto upload = broker_->BeginUpload(Frame(), 200);
    EXPECT_TRUE(Write(**upload, chunk).ok());
    EXPECT_TRUE(absl::IsInvalidArgument(Finish(**upload, 120).status()));
  }
  {
    auto upload = broker_->BeginUpload(Frame(), 121);
    EXPECT_TRUE(Write(**upload, chunk).ok());
    EXPECT_TRUE(absl::IsInvalidArgument(Write(**upload, chunk)));
  }
  {
    auto upload = broker_->BeginUpload(Frame(), 0);
    EXPECT_TRUE(Write(**upload, chunk).ok());  // and breaks off
  }
  EXPECT_EQ(payloads_.count(), 0u);
  EXPECT_EQ(PublishOk("a", "first"), 1u);
}

TEST_F(UploadTest, ABadFrameIsRefusedAtOnce) {
  EXPECT_TRUE(absl::IsInvalidArgument(broker_->BeginUpload(Frame(""), 0).status()));
  payloads_.SetPutError(absl::ResourceExhaustedError("no room"));
  EXPECT_TRUE(absl::IsResourceExhausted(broker_->BeginUpload(Frame(), 1 << 30).status()));
}

TEST_F(UploadTest, ARefusedConditionRemovesThePayload) {
  UploadFrame frame = Frame();
  frame.expected_last_sequence = Sequence(7);
  auto upload = broker_->BeginUpload(frame, 0);
  EXPECT_TRUE(Write(**upload, std::string(200, 'x')).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Finish(**upload, 200).status()));
  EXPECT_EQ(payloads_.count(), 0u);
}

}  // namespace
}  // namespace mts::broker
