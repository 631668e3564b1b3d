// Reading through the gRPC door.

#include <climits>
#include <thread>

#include "base/crc32c.h"
#include "door_fixture.h"

namespace mts::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReadDoorTest : public DoorFixture {
 protected:
  static pb::FetchBatchRequest From(const std::string& subject, const std::string& durable = "") {
    pb::FetchBatchRequest request;
    request.set_subject(subject);
    request.set_durable_name(durable);
    return request;
  }
};

TEST_F(ReadDoorTest, FetchAcknowledgeFetch) {
  for (const char* data : {"1", "2", "3"}) PublishOk("a", data);
  EXPECT_THAT(Fetch("a", "c", 2).data(), ElementsAre("1", "2"));
  EXPECT_THAT(Fetch("a", "c", 2, 0, true).data(), ElementsAre("1", "2"));
  EXPECT_TRUE(Acknowledge("a", "c", 2).success());
  EXPECT_THAT(Fetch("a", "c", 2).data(), ElementsAre("3"));
  EXPECT_TRUE(Acknowledge("a", "c", 1).success());  // lower: changes nothing
  EXPECT_THAT(Fetch("a", "c", 2).data(), ElementsAre("3"));
  EXPECT_FALSE(Acknowledge("a", "c", 4).success());  // past the end
  Restart();
  EXPECT_THAT(Fetch("a", "c", 2).data(), ElementsAre("3"));
}

TEST_F(ReadDoorTest, MessagesCarryWhatTheExistingClientsExpect) {
  pb::PublishRequest request = Request("a", "hello");
  (*request.mutable_headers())["content-type"] = "text/plain";
  Publish(request);
  const pb::Message message = Fetch("a", "c", 1).messages.at(0);
  EXPECT_EQ(message.subject(), "a");
  EXPECT_EQ(message.sequence(), 1u);
  EXPECT_EQ(message.headers().at("content-type"), "text/plain");
  EXPECT_EQ(message.headers().at("data-size"), "5");
  EXPECT_EQ(message.size(), 5u);
  if (shape_.keeps_payloads_inline()) {
    EXPECT_EQ(message.object_name(), "a_1");
  }
  EXPECT_GT(message.timestamp().seconds(), 1'600'000'000);
}

TEST_F(ReadDoorTest, BatchSizesBelowOneAreTenAndHugeOnesAreCut) {
  for (int i = 0; i < 15; ++i) PublishOk("a", "x");
  for (const int size : {0, -1, INT_MIN}) EXPECT_THAT(Fetch("a", "c", size).messages, SizeIs(10));
  EXPECT_THAT(Fetch("a", "c", INT_MAX).messages, SizeIs(15));
  pb::FetchBatchRequest request = From("a");
  request.set_batch_size(UINT32_MAX);
  request.set_max_bytes(UINT64_MAX);
  request.set_max_inline_bytes(UINT64_MAX);
  EXPECT_EQ(FetchBatch(request).second.messages_size(), 15);
}

TEST_F(ReadDoorTest, InvalidRequestsAreGrpcStatuses) {
  EXPECT_EQ(Fetch("", "c", 1).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Fetch("", "c", 1).status.error_message(), "subject cannot be empty");
  EXPECT_EQ(Fetch("a", "", 1).status.error_message(), "durable_name cannot be empty");
  EXPECT_EQ(Fetch("a*", "c", 1).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(FetchBatch(From("")).first.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(FetchBatch(From("a", std::string(256, 'd'))).first.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Acknowledge("", "c", 1).error_message(), "subject cannot be empty");
  EXPECT_EQ(Acknowledge("a", "", 1).error_message(), "durable_name cannot be empty");
  EXPECT_EQ(LastSequence("unknown"), 0u);
  EXPECT_THAT(Fetch("unknown", "c", 1).messages, IsEmpty());
}

TEST_F(ReadDoorTest, PatternsAreReadInOneOrder) {
  PublishOk("a.x", "1");
  PublishOk("b", "2");
  PublishOk("a", "3");
  EXPECT_THAT(Fetch("a.*", "c", 10).data(), ElementsAre("1", "3"));
  EXPECT_THAT(Fetch("*", "c", 10).data(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(LastSequence("a.*"), 3u);
}

TEST_F(ReadDoorTest, FetchBatchKeepsWithinItsBytesAndOneMessageAlwaysFits) {
  for (int i = 0; i < 5; ++i) PublishOk("a", std::string(50'000, 'x'));
  pb::FetchBatchRequest request = From("a");
  request.set_max_bytes(110'000);
  const pb::MessageBatch batch = FetchBatch(request).second;
  EXPECT_EQ(batch.messages_size(), 2);
  EXPECT_LE(batch.ByteSizeLong(), 110'000u);
  request.set_max_bytes(1);
  EXPECT_EQ(FetchBatch(request).second.messages_size(), 1);
}

TEST_F(ReadDoorTest, FetchBatchWaitsForTheFirstMessage) {
  pb::FetchBatchRequest request = From("a");
  request.mutable_wait()->set_seconds(30);
  std::pair<grpc::Status, pb::MessageBatch> answer;
  std::thread reader([&] { answer = FetchBatch(request); });
  PublishOk("b", "not this");
  PublishOk("a", "this");
  reader.join();
  ASSERT_EQ(answer.second.messages_size(), 1);
  EXPECT_EQ(answer.second.messages(0).data(), "this");
}

TEST_F(ReadDoorTest, AWaitOfAClientThatLeftEnds) {
  pb::FetchBatchRequest request = From("a");
  request.mutable_wait()->set_seconds(3600);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  pb::MessageBatch batch;
  EXPECT_EQ(egress_->FetchBatch(&context, request, &batch).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // The server's end of the call is gone too: the shutdown below does not have to wait for it.
}

TEST_F(ReadDoorTest, LargePayloadsComeWholeOrDeferredAsAsked) {
  const std::string large(2 << 20, 'l');
  PublishOk("a", large);
  EXPECT_THAT(Fetch("a", "c", 1).data(), ElementsAre(large));
  const Fetched deferred = Fetch("a", "c", 1, 1000);
  EXPECT_EQ(deferred.messages.at(0).payload_status(), pb::PAYLOAD_STATUS_DEFERRED);
  EXPECT_EQ(deferred.messages.at(0).headers().at("payload-status"), "deferred");
  EXPECT_EQ(deferred.messages.at(0).size(), large.size());
  EXPECT_EQ(FetchBatch(From("a")).second.messages(0).payload_status(), pb::PAYLOAD_STATUS_DEFERRED);
  pb::FetchBatchRequest whole = From("a");
  whole.set_max_inline_bytes(4 << 20);
  whole.set_max_bytes(1);  // one message always fits
  EXPECT_EQ(FetchBatch(whole).second.messages(0).data(), large);
}

TEST_F(ReadDoorTest, AMissingPayloadIsMarkedAndBlocksNobody) {
  PublishOk("a", std::string(2 << 20, 'l'));
  PublishOk("a", "next");
  Restart();  // its file has its final place now
  shape_.RemovePayload(configuration_);
  const Fetched fetched = Fetch("a", "c", 10);
  ASSERT_TRUE(fetched.status.ok());
  ASSERT_EQ(fetched.messages.size(), 2u);
  EXPECT_EQ(fetched.messages[0].payload_status(), pb::PAYLOAD_STATUS_MISSING);
  EXPECT_EQ(fetched.messages[0].headers().at("payload-status"), "missing");
  EXPECT_EQ(fetched.messages[1].data(), "next");
}

TEST_F(ReadDoorTest, OneMessageAndItsPayloadInRanges) {
  const std::string large = std::string(1 << 20, 'a') + std::string(1 << 20, 'b') + "end";
  PublishOk("a", large);
  pb::GetMessageRequest get;
  get.set_subject("a");
  get.set_sequence(1);
  pb::Message message;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(egress_->GetMessage(&context, get, &message).ok());
    EXPECT_EQ(message.payload_status(), pb::PAYLOAD_STATUS_DEFERRED);
  }
  {
    grpc::ClientContext context;
    get.set_sequence(2);
    EXPECT_EQ(egress_->GetMessage(&context, get, &message).error_code(), grpc::StatusCode::NOT_FOUND);
  }
  const auto download = [&](uint64_t offset, uint64_t length, std::optional<uint32_t>* crc32c) {
    grpc::ClientContext context;
    pb::DownloadRequest request;
    request.set_subject("a");
    request.set_sequence(1);
    request.set_offset(offset);
    request.set_length(length);
    auto reader = egress_->Download(&context, request);
    std::string bytes;
    pb::DownloadChunk chunk;
    while (reader->Read(&chunk)) {
      EXPECT_LE(chunk.data().size(), 1u << 20);
      EXPECT_EQ(chunk.size(), bytes.empty() ? large.size() : 0u);
      bytes += chunk.data();
      *crc32c = chunk.has_crc32c() ? std::optional<uint32_t>(chunk.crc32c()) : std::nullopt;
    }
    const grpc::Status status = reader->Finish();
    return status.ok() ? bytes : "error " + status.error_message();
  };
  std::optional<uint32_t> crc32c;
  EXPECT_EQ(download(0, 0, &crc32c), large);
  EXPECT_EQ(crc32c, Crc32c(large));
  EXPECT_EQ(download((1 << 20) - 1, 2, &crc32c), "ab");
  EXPECT_FALSE(crc32c.has_value());
  EXPECT_EQ(download(2 << 20, 100, &crc32c), "end");
  EXPECT_EQ(crc32c, Crc32c(large));
  EXPECT_THAT(download(large.size() + 1, 0, &crc32c), ::testing::StartsWith("error"));
}

TEST_F(ReadDoorTest, ASubscriberIsToldOfWhatIsThereAndWhatComes) {
  PublishOk("a", "1");
  grpc::ClientContext context;
  pb::SubscribeRequest request;
  request.set_subject("a");
  request.set_durable_name("c");
  auto reader = egress_->Subscribe(&context, request);
  pb::Notification notification;
  ASSERT_TRUE(reader->Read(&notification));
  EXPECT_EQ(notification.subject(), "a");
  EXPECT_EQ(notification.sequence(), 1u);
  PublishOk("b", "2");
  PublishOk("a", "3");
  ASSERT_TRUE(reader->Read(&notification));
  EXPECT_EQ(notification.sequence(), 3u);
  context.TryCancel();
  while (reader->Read(&notification)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ReadDoorTest, AnInvalidSubscriptionIsRefused) {
  for (const auto& [subject, durable] : {std::pair{"", "c"}, {"a", ""}, {"a b", "c"}}) {
    grpc::ClientContext context;
    pb::SubscribeRequest request;
    request.set_subject(subject);
    request.set_durable_name(durable);
    auto reader = egress_->Subscribe(&context, request);
    pb::Notification notification;
    EXPECT_FALSE(reader->Read(&notification));
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(ReadDoorTest, AClientThatReadsNothingBlocksNobody) {
  for (int i = 0; i < 60; ++i) PublishOk("large", std::string(1 << 20, 'x'));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<pb::Message>>> readers;
  pb::FetchRequest request;
  request.set_subject("large");
  request.set_durable_name("c");
  request.set_batch_size(60);
  for (int i = 0; i < 8; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(egress_->Fetch(contexts.back().get(), request));
  }
  PublishOk("small", "x");
  for (int i = 0; i < 50; ++i) EXPECT_THAT(Fetch("small", "c", 1).data(), ElementsAre("x"));
  for (const auto& context : contexts) context->TryCancel();
  for (const auto& reader : readers) {
    pb::Message message;
    while (reader->Read(&message)) {
    }
    EXPECT_FALSE(reader->Finish().ok());
  }
}

TEST_F(ReadDoorTest, SubjectsConsumersAndTheServerAreShown) {
  for (const char* subject : {"a", "b.x", "b.y"}) PublishOk(subject, "data");
  Acknowledge("b.*", "c", 2);
  {
    grpc::ClientContext context;
    pb::ListSubjectsRequest request;
    pb::ListSubjectsResponse response;
    request.set_page_size(2);
    ASSERT_TRUE(admin_->ListSubjects(&context, request, &response).ok());
    ASSERT_EQ(response.subjects_size(), 2);
    EXPECT_EQ(response.subjects(0).subject(), "a");
    EXPECT_EQ(response.subjects(0).messages(), 1u);
    EXPECT_EQ(response.subjects(0).bytes(), 4u);
    EXPECT_EQ(response.subjects(1).last_sequence(), 2u);
    grpc::ClientContext second;
    request.set_page_token(response.next_page_token());
    ASSERT_TRUE(admin_->ListSubjects(&second, request, &response).ok());
    ASSERT_EQ(response.subjects_size(), 1);
    EXPECT_EQ(response.subjects(0).subject(), "b.y");
    EXPECT_EQ(response.next_page_token(), "");
  }
  {
    grpc::ClientContext context;
    pb::ListConsumersResponse response;
    ASSERT_TRUE(admin_->ListConsumers(&context, {}, &response).ok());
    ASSERT_EQ(response.consumers_size(), 1);
    EXPECT_EQ(response.consumers(0).durable_name(), "c");
    EXPECT_EQ(response.consumers(0).subject(), "b.*");
    EXPECT_EQ(response.consumers(0).position(), 2u);
    EXPECT_EQ(response.consumers(0).pending(), 1u);
  }
  grpc::ClientContext context;
  pb::GetServerInfoResponse info;
  ASSERT_TRUE(admin_->GetServerInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.message_store(), configuration_.metadata);
  EXPECT_EQ(info.payload_store(), configuration_.payload);
  EXPECT_EQ(info.durability(), "commit");
  EXPECT_EQ(info.last_sequence(), 3u);
  EXPECT_EQ(info.messages(), 3u);
  EXPECT_EQ(info.limits().max_message_bytes(), configuration_.max_message_bytes);
  EXPECT_NE(info.version(), "");
}

}  // namespace
}  // namespace mts::conformance
