// Uploads through the gRPC door: whole ones, and broken ones at every point, which leave nothing behind.

#include <functional>

#include "base/crc32c.h"
#include "door_fixture.h"

namespace mts::conformance {
namespace {

using ::testing::ElementsAre;

class UploadDoorTest : public DoorFixture {
 protected:
  static pb::UploadRequest Info(const std::string& subject, uint64_t size = 0) {
    pb::UploadRequest request;
    request.mutable_info()->mutable_message()->set_subject(subject);
    request.mutable_info()->set_size(size);
    return request;
  }
  static pb::UploadRequest Chunk(std::string bytes) {
    pb::UploadRequest request;
    request.set_chunk(std::move(bytes));
    return request;
  }
  static pb::UploadRequest End(uint64_t size, std::optional<uint32_t> crc32c = {}) {
    pb::UploadRequest request;
    request.mutable_end()->set_size(size);
    if (crc32c) request.mutable_end()->set_crc32c(*crc32c);
    return request;
  }
  struct Answer {
    grpc::Status status;
    pb::PublishResponse response;
  };
  Answer Upload(const std::vector<pb::UploadRequest>& parts, bool cancel = false) {
    grpc::ClientContext context;
    Answer answer;
    auto writer = ingress_->Upload(&context, &answer.response);
    for (const pb::UploadRequest& part : parts) {
      if (!writer->Write(part)) break;
    }
    if (cancel) {
      context.TryCancel();
    } else {
      writer->WritesDone();
    }
    answer.status = writer->Finish();
    return answer;
  }
  void ExpectRefused(const std::vector<pb::UploadRequest>& parts, int64_t code) {
    const Answer answer = Upload(parts);
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(answer.response.status_code(), code) << answer.response.error_message();
    EXPECT_NE(answer.response.error_message(), "");
  }
  // Nothing is visible, and nothing lies in the payload store (which may take a moment after a broken connection).
  void ExpectNothingLeft() {
    EXPECT_EQ(LastSequence("u"), 0u);
    for (int i = 0; i < 5000 && CountPayloads() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(CountPayloads(), 0u);
  }
  const std::string chunk_ = std::string(1 << 20, 'c');
};

TEST_F(UploadDoorTest, UploadsOfAnySizeComeBackWhole) {
  std::string bytes;
  std::vector<pb::UploadRequest> parts = {Info("u")};
  for (int i = 0; i < 9; ++i) {
    parts.push_back(Chunk(std::string((1 << 20) - i, static_cast<char>('a' + i))));
    bytes += parts.back().chunk();
  }
  parts.push_back(End(bytes.size(), Crc32c(bytes)));
  const Answer answer = Upload(parts);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.response.status_code(), 0) << answer.response.error_message();
  EXPECT_EQ(answer.response.sequence(), 1u);
  EXPECT_NE(answer.response.object_name(), "");
  Restart();
  grpc::ClientContext context;
  pb::DownloadRequest request;
  request.set_subject("u");
  request.set_sequence(1);
  auto reader = egress_->Download(&context, request);
  std::string got;
  pb::DownloadChunk chunk;
  while (reader->Read(&chunk)) got += chunk.data();
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_TRUE(got == bytes);
}

TEST_F(UploadDoorTest, SmallAndEmptyUploadsAreOrdinaryMessages) {
  EXPECT_EQ(Upload({Info("u"), Chunk("hel"), Chunk(""), Chunk("lo"), End(5, Crc32c("hello"))}).response.sequence(), 1u);
  EXPECT_EQ(Upload({Info("u", 0), End(0)}).response.sequence(), 2u);
  EXPECT_THAT(Fetch("u", "c", 10).data(), ElementsAre("hello", ""));
  ExpectPayloads(0);
}

TEST_F(UploadDoorTest, WhatDoesNotAgreeIsRefusedAndLeavesNothing) {
  ExpectRefused({Info("u"), Chunk(chunk_), Chunk(chunk_), End((2 << 20) - 1)}, 3);
  ExpectRefused({Info("u"), Chunk(chunk_), Chunk(chunk_), End(2 << 20, 1)}, 15);
  ExpectRefused({Info("u", 1 << 20), Chunk(chunk_), Chunk("more"), End((1 << 20) + 4)}, 3);
  ExpectRefused({Info("u", 3 << 20), Chunk(chunk_), Chunk(chunk_), End(2 << 20)}, 3);
  ExpectRefused({Info("u"), Chunk("abc"), End(3, 1)}, 15);
  ExpectNothingLeft();
}

TEST_F(UploadDoorTest, PartsOutOfTurnAreRefused) {
  ExpectRefused({}, 3);
  ExpectRefused({Chunk("x")}, 3);
  ExpectRefused({End(0)}, 3);
  ExpectRefused({Info("u"), Info("u")}, 3);
  ExpectRefused({Info("")}, 3);
  ExpectRefused({Info("u"), pb::UploadRequest()}, 3);
  ExpectRefused({Info("u"), Chunk(chunk_ + "x"), End((1 << 20) + 1)}, 3);
  pb::UploadRequest with_data = Info("u");
  with_data.mutable_info()->mutable_message()->set_data("x");
  ExpectRefused({with_data}, 3);
  pb::UploadRequest later = Info("u");
  later.mutable_info()->mutable_message()->mutable_deliver_at()->set_seconds(1);
  ExpectRefused({later}, 12);
  ExpectNothingLeft();
}

TEST_F(UploadDoorTest, AStreamThatBreaksOffAtAnyPointLeavesNothing) {
  const std::vector<pb::UploadRequest> parts = {Info("u"), Chunk(chunk_), Chunk(chunk_), Chunk(chunk_)};
  for (size_t count = 0; count <= parts.size(); ++count) {
    const std::vector<pb::UploadRequest> some(parts.begin(), parts.begin() + static_cast<ptrdiff_t>(count));
    ExpectRefused(some, 3);
    EXPECT_FALSE(Upload(some, true).status.ok());
  }
  ExpectNothingLeft();
}

TEST_F(UploadDoorTest, ARefusedConditionAndADuplicateLeaveNothing) {
  pb::UploadRequest conditional = Info("u");
  conditional.mutable_info()->mutable_message()->set_expected_last_sequence(5);
  ExpectRefused({conditional, Chunk(chunk_), Chunk("x"), End((1 << 20) + 1)}, 9);
  ExpectNothingLeft();
  pb::UploadRequest with_id = Info("u");
  with_id.mutable_info()->mutable_message()->set_message_id("id");
  const std::vector<pb::UploadRequest> parts = {with_id, Chunk(chunk_), Chunk("x"), End((1 << 20) + 1)};
  const Answer first = Upload(parts), second = Upload(parts);
  EXPECT_FALSE(first.response.duplicate());
  EXPECT_TRUE(second.response.duplicate());
  EXPECT_EQ(second.response.sequence(), first.response.sequence());
  EXPECT_EQ(second.response.object_name(), first.response.object_name());
  for (int i = 0; i < 5000 && CountPayloads() > 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(CountPayloads(), 1u);
}

}  // namespace
}  // namespace mts::conformance
