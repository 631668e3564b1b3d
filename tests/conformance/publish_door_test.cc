// Publishing through the gRPC door: what is stored, what is refused and how.

#include <atomic>
#include <set>
#include <thread>

#include "door_fixture.h"

namespace mts::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kPublish[] = "/minitoolstream.IngressService/Publish";
constexpr char kPublishBatch[] = "/minitoolstream.IngressService/PublishBatch";

class PublishDoorTest : public DoorFixture {
 protected:
  void ExpectRefused(const pb::PublishRequest& request, int64_t code, const std::string& text = "") {
    const pb::PublishResponse response = Publish(request);
    EXPECT_EQ(response.status_code(), code) << response.error_message();
    EXPECT_THAT(response.error_message(), HasSubstr(text));
    EXPECT_EQ(response.sequence(), 0u);
    EXPECT_EQ(response.object_name(), "");
  }

  using Stream = grpc::ClientReaderWriter<pb::PublishBatchRequest, pb::PublishBatchResponse>;
  static pb::PublishBatchRequest Batch(const std::vector<pb::PublishRequest>& messages) {
    pb::PublishBatchRequest batch;
    for (const auto& message : messages) *batch.add_messages() = message;
    return batch;
  }
};

TEST_F(PublishDoorTest, StoredMessagesAreNumberedAndComeBackAfterARestart) {
  EXPECT_EQ(PublishOk("a", "one"), 1u);
  EXPECT_EQ(PublishOk("b", ""), 2u);
  EXPECT_EQ(PublishOk("a", std::string("\0\xFF", 2)), 3u);
  Restart();
  EXPECT_THAT(Fetch("a", "c", 10).data(), ElementsAre("one", std::string("\0\xFF", 2)));
  EXPECT_THAT(Fetch("b", "c", 10).data(), ElementsAre(""));
  EXPECT_EQ(PublishOk("a", "later"), 4u);
}

TEST_F(PublishDoorTest, InvalidRequestsAreAnsweredInTheResponse) {
  ExpectRefused({}, 3, "subject cannot be empty");
  ExpectRefused(Request(std::string(256, 's'), "x"), 3, "256 bytes");
  ExpectRefused(Request("a b", "x"), 3);
  ExpectRefused(Request("a.*", "x"), 3);
  ExpectRefused(Request("a\n", "x"), 3);
  ExpectRefused(Request("a", "x", std::string(256, 'i')), 3, "message_id");
  pb::PublishRequest headers = Request("a", "x");
  (*headers.mutable_headers())["k"] = std::string(64 << 10, 'v');
  ExpectRefused(headers, 3, "headers");
  pb::PublishRequest ttl = Request("a", "x");
  ttl.mutable_ttl()->set_seconds(1);
  ExpectRefused(ttl, 12);
  pb::PublishRequest later = Request("a", "x");
  later.mutable_deliver_at()->set_seconds(1);
  ExpectRefused(later, 12);
  EXPECT_EQ(PublishOk(std::string(255, 's'), "x"), 1u);
}

TEST_F(PublishDoorTest, AMessageOverTheLimitIsAnsweredWithCode3NotWithATransportError) {
  ExpectRefused(Request("a", std::string(configuration_.max_message_bytes + 1, 'x')), 3, "Upload");
  ExpectRefused(Request("a", std::string(2 * configuration_.max_message_bytes, 'x')), 3, "Upload");
  EXPECT_EQ(PublishOk("a", std::string(configuration_.max_message_bytes, 'x')), 1u);
}

TEST_F(PublishDoorTest, BytesThatAreNoRequestAreInvalid) {
  const std::vector<std::string> malformed = {
      "\x0A\x05xy",                                    // cut short
      "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",  // endless tag
      "\x0A\x01\xFF",                                  // not UTF-8
      "\x1A\x03\x0A\x01\xFF",                          // header that is not UTF-8
      std::string(10'000, '\x0B'),                     // nested groups
      std::string("\x00\x01", 2),
  };
  for (const std::string& bytes : malformed) {
    EXPECT_EQ(CallRaw(kPublish, bytes).error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << ::testing::PrintToString(bytes);
  }
  EXPECT_EQ(CallRaw(kPublishBatch,
                    "\x0A\x03\x0A\x05"
                    "a")
                .error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  for (const char* method :
       {"/minitoolstream.EgressService/FetchBatch", "/minitoolstream.EgressService/AckMessage",
        "/minitoolstream.EgressService/GetLastSequence", "/minitoolstream.EgressService/GetMessage",
        "/minitoolstream.EgressService/Fetch", "/minitoolstream.EgressService/Subscribe",
        "/minitoolstream.EgressService/Download", "/minitoolstream.AdminService/ListSubjects"}) {
    EXPECT_EQ(CallRaw(method,
                      "\x0A\x05"
                      "ab")
                  .error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << method;
  }
  EXPECT_EQ(PublishOk("a", "still here"), 1u);
}

TEST_F(PublishDoorTest, ABatchIsAllOrNothing) {
  grpc::ClientContext context, second;
  pb::PublishBatchResponse response;
  ASSERT_TRUE(ingress_->PublishBatch(&context, Batch({Request("a", "1"), Request("b", "2")}), &response).ok());
  EXPECT_EQ(response.first_sequence(), 1u);
  EXPECT_EQ(response.last_sequence(), 2u);
  ASSERT_TRUE(ingress_->PublishBatch(&second, Batch({Request("a", "3"), Request("", "4")}), &response).ok());
  EXPECT_EQ(response.status_code(), 3);
  EXPECT_EQ(response.refused_position(), 1u);
  EXPECT_EQ(LastSequence("a"), 1u);
}

TEST_F(PublishDoorTest, ConditionsAndDuplicates) {
  pb::PublishRequest conditional = Request("a", "x");
  conditional.set_expected_last_sequence(0);
  EXPECT_EQ(Publish(conditional).sequence(), 1u);
  ExpectRefused(conditional, 9);
  EXPECT_EQ(PublishOk("a", "y", "id"), 2u);
  const pb::PublishResponse again = Publish(Request("a", "z", "id"));
  EXPECT_TRUE(again.duplicate());
  EXPECT_EQ(again.sequence(), 2u);
  EXPECT_EQ(again.status_code(), 0);
  Restart();
  EXPECT_TRUE(Publish(Request("a", "z", "id")).duplicate());
}

TEST_F(PublishDoorTest, ConcurrentEqualIdsAreStoredOnce) {
  constexpr int kThreads = 8, kIds = 25;
  std::atomic<int> stored{0};
  std::vector<std::set<uint64_t>> sequences(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kIds; ++i) {
        const pb::PublishResponse response = Publish(Request("a", "x", "id" + std::to_string(i)));
        if (!response.duplicate()) ++stored;
        sequences[t].insert(response.sequence());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored, kIds);
  for (const auto& seen : sequences) EXPECT_EQ(seen, sequences[0]);
  EXPECT_EQ(LastSequence("a"), static_cast<uint64_t>(kIds));
}

TEST_F(PublishDoorTest, AStreamAnswersInOrderAndGoesOnAfterWhatCanNeverBeStored) {
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = ingress_->PublishStream(&context);
  constexpr int kBatches = 300;
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) {
      const bool bad = i % 10 == 3;
      ASSERT_TRUE(stream->Write(Batch({Request(bad ? "" : "a", std::to_string(i)), Request("a", "second")})));
    }
    stream->WritesDone();
  });
  uint64_t next = 1;
  for (int i = 0; i < kBatches; ++i) {
    pb::PublishBatchResponse response;
    ASSERT_TRUE(stream->Read(&response)) << i;
    if (i % 10 == 3) {
      EXPECT_EQ(response.status_code(), 3);
      EXPECT_EQ(response.refused_position(), 0u);
      continue;
    }
    EXPECT_EQ(response.first_sequence(), next);
    EXPECT_EQ(response.last_sequence(), next + 1);
    next += 2;
  }
  writer.join();
  pb::PublishBatchResponse more;
  EXPECT_FALSE(stream->Read(&more));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(PublishDoorTest, AStreamKeepsItsOrderAcrossLargePayloads) {
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = ingress_->PublishStream(&context);
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(
        stream->Write(Batch({Request("a", std::string(i % 3 == 0 ? 2 << 20 : 10, static_cast<char>('a' + i)))})));
  }
  stream->WritesDone();
  for (uint64_t i = 0; i < 12; ++i) {
    pb::PublishBatchResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.first_sequence(), i + 1);
  }
  EXPECT_TRUE(stream->Finish().ok());
  ExpectPayloads(4);
  const Fetched fetched = Fetch("a", "c", 100);
  ASSERT_EQ(fetched.messages.size(), 12u);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(fetched.messages[i].data()[0], 'a' + i);
}

TEST_F(PublishDoorTest, AStreamWhoseAnswersNobodyReadsStopsReadingAndBlocksNobody) {
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = ingress_->PublishStream(&context);
  const pb::PublishBatchRequest batch = Batch({Request("slow", std::string(1 << 20, 'x'))});
  std::atomic<int> written{0};
  std::thread writer([&] {
    while (stream->Write(batch) && written < 100'000) ++written;
  });
  while (written < 20) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) EXPECT_GT(PublishOk("other", "x"), 0u);
  context.TryCancel();
  writer.join();
  EXPECT_FALSE(stream->Finish().ok());
  EXPECT_GT(PublishOk("other", "x"), 0u);
}

TEST_F(PublishDoorTest, UnimplementedCallsSaySo) {
  grpc::ClientContext context;
  pb::PurgeSubjectResponse response;
  EXPECT_EQ(admin_->PurgeSubject(&context, {}, &response).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  grpc::ClientContext second;
  pb::AcknowledgeResponse acknowledged;
  EXPECT_EQ(egress_->Acknowledge(&second, {}, &acknowledged).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  grpc::ClientContext third;
  EXPECT_EQ(egress_->Consume(&third)->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace mts::conformance
