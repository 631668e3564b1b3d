#include "gate/calls.h"
#include "gate/gate_fixture.h"

namespace mts::gate {
namespace {

using iproto::Array;
using iproto::Binary;
using iproto::Map;

class GateCallsTest : public GateFixture {
 protected:
  void SetUp() override {
    GateFixture::SetUp();
    client_ = Connect();
  }
  void Publish(const char* subject) { client_->Call("grpc_publish", subject, "", Map()); }

  static void ExpectRefused(const std::string& answer) {
    EXPECT_NE(answer.find("\"status_code\": i64:3"), std::string::npos) << answer;
    EXPECT_NE(answer.find("\"sequence\": u64:0"), std::string::npos) << answer;
  }

  std::unique_ptr<GateClient> client_;
};

TEST_F(GateCallsTest, APublishedMessageIsFetchedAsItWasSent) {
  EXPECT_EQ(
      client_->Call("grpc_publish", "orders", "minio/orders/12345.json",
                    Map("content-type", "application/json", "n", 5, "f", 1.5, "flag", true, "list", Array(1, "x"))),
      "{\"sequence\": u64:1, \"status_code\": i64:0, \"error_message\": nil}");
  EXPECT_EQ(
      client_->Call("grpc_fetch", "orders", "consumer-1", 10, false),
      "[[u64:1, {\"content-type\": \"application/json\", \"n\": 5, \"f\": 1.5, \"flag\": true, \"list\": [1, \"x\"]}, "
      "\"minio/orders/12345.json\", \"orders\", u64:1700000000]]");
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", "orders"), "{\"last_sequence\": u64:1}");
}

TEST_F(GateCallsTest, RefusalsOfAPublishAreInItsAnswerAndTakeNoNumber) {
  const char* const wrong_headers =
      "{\"sequence\": u64:0, \"status_code\": i64:1, \"error_message\": \"Tuple field 2 type does not match one "
      "required "
      "by operation: expected map\"}";
  EXPECT_EQ(client_->Call("grpc_publish", "orders", "o", nullptr), wrong_headers);
  EXPECT_EQ(client_->Call("grpc_publish", "orders", "o"), wrong_headers);
  EXPECT_EQ(client_->Call("grpc_publish", "orders", "o", Array()), wrong_headers);
  EXPECT_EQ(client_->Call("grpc_publish", "", "o", Map()),
            "{\"sequence\": u64:0, \"status_code\": i64:3, \"error_message\": \"subject cannot be empty\"}");
  ExpectRefused(client_->Call("grpc_publish", std::string(256, 's'), "o", Map()));
  ExpectRefused(client_->Call("grpc_publish", "a b", "o", Map()));
  ExpectRefused(client_->Call("grpc_publish", "\xFF", "o", Map()));
  ExpectRefused(client_->Call("grpc_publish", "orders", std::string(1025, 'o'), Map()));
  ExpectRefused(client_->Call("grpc_publish", "orders", "o", Map("h", std::string(70'000, 'h'))));
  ExpectRefused(client_->Call("grpc_publish", "orders", "o", Map(1, "key is no text")));
  EXPECT_EQ(client_->Call("grpc_publish", "orders", "o", Map()),
            "{\"sequence\": u64:1, \"status_code\": i64:0, \"error_message\": nil}");
}

TEST_F(GateCallsTest, WhatTheStoreRefusesKeepsItsCode) {
  messages_.SetAppendError(absl::ResourceExhaustedError("the disk is full"));
  EXPECT_EQ(client_->Call("grpc_publish", "s", "o", Map()),
            "{\"sequence\": u64:0, \"status_code\": i64:8, \"error_message\": \"the disk is full\"}");
  EXPECT_EQ(client_->Call("publish_message", "s", "o", Map()), "#2: the disk is full");
  messages_.SetAppendError(absl::UnavailableError("writing has ended"));
  EXPECT_EQ(client_->Call("grpc_publish", "s", "o", Map()),
            "{\"sequence\": u64:0, \"status_code\": i64:14, \"error_message\": \"writing has ended\"}");
  messages_.SetAppendError(absl::OkStatus());
}

TEST_F(GateCallsTest, FetchGoesOnOverOtherSubjectsNumbers) {
  for (const char* subject : {"a", "b", "a", "b", "a"}) Publish(subject);
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c", 10, false),
            "[[u64:1, {}, \"a_1\", \"a\", u64:1700000000], [u64:3, {}, \"a_3\", \"a\", u64:1700000000], "
            "[u64:5, {}, \"a_5\", \"a\", u64:1700000000]]");
  EXPECT_EQ(client_->Call("grpc_peek", "a", "c", 1), "[[u64:1, {}, \"a_1\", \"a\", u64:1700000000]]");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 3), "true");
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c", 10, false), "[[u64:5, {}, \"a_5\", \"a\", u64:1700000000]]");
}

TEST_F(GateCallsTest, AutoAckMovesToTheLastReturned) {
  for (int i = 0; i < 3; ++i) Publish("a");
  EXPECT_EQ(client_->Call("grpc_peek", "a", "c", 2),
            "[[u64:1, {}, \"a_1\", \"a\", u64:1700000000], [u64:2, {}, \"a_2\", \"a\", u64:1700000000]]");
  EXPECT_EQ(client_->Call("get_consumer_position", "c", "a"), "u64:0");
  client_->Call("grpc_fetch", "a", "c", 2, true);
  EXPECT_EQ(client_->Call("get_consumer_position", "c", "a"), "u64:2");
  client_->Call("grpc_fetch", "a", "c", 2, true);
  EXPECT_EQ(client_->Call("get_consumer_position", "c", "a"), "u64:3");
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c", 2, true), "[]");
}

TEST_F(GateCallsTest, NothingToFetchIsAnEmptyList) {
  Publish("a");
  EXPECT_EQ(client_->Call("grpc_fetch", "unknown", "c", 10, false), "[]");
  EXPECT_EQ(client_->Call("grpc_fetch", "", "c", 10, false), "[]");
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c", 0, false), "[]");
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c", -5, false), "[]");
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c"),
            "#32: attempt to compare nil with number: batch_size must be a number");
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "", 10, false), "#32: durable_name cannot be empty");
}

TEST_F(GateCallsTest, AcknowledgingIsMonotonicAndEndsAtTheLastMessage) {
  for (int i = 0; i < 3; ++i) Publish("a");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 2), "true");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 2), "false");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 1), "false");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", -1), "false");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 4), "false");
  EXPECT_EQ(client_->Call("get_consumer_position", "c", "a"), "u64:2");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "unknown", 0), "false");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "unknown", 99), "false");
  EXPECT_EQ(client_->Call("get_consumers_by_subject", "unknown"), "[]");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 3), "true");
}

TEST_F(GateCallsTest, NewsAreNumbersBetweenTheLastAndThePosition) {
  EXPECT_EQ(client_->Call("check_new_messages", "a", "c"),
            "{\"has_new\": false, \"latest_sequence\": u64:0, \"consumer_position\": u64:0, \"new_count\": u64:0}");
  for (const char* subject : {"a", "b", "a"}) Publish(subject);
  client_->Call("grpc_ack", "c", "a", 1);
  EXPECT_EQ(client_->Call("check_new_messages", "a", "c"),
            "{\"has_new\": true, \"latest_sequence\": u64:3, \"consumer_position\": u64:1, \"new_count\": u64:2}");
  EXPECT_EQ(client_->Call("get_new_messages_count", "a", "c"), "u64:2");
  EXPECT_EQ(client_->Call("get_new_messages_count", "a", nullptr, 2), "u64:1");
  EXPECT_EQ(client_->Call("get_new_messages_count", "a"), "u64:3");
  EXPECT_EQ(client_->Call("get_subject_message_count", "a"), "u64:2");
  EXPECT_EQ(client_->Call("get_subject_message_count", "unknown"), "u64:0");
}

TEST_F(GateCallsTest, LastSequences) {
  for (const char* subject : {"a", "b", "a"}) Publish(subject);
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", "a"), "{\"last_sequence\": u64:3}");
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", "unknown"), "{\"last_sequence\": u64:0}");
  EXPECT_EQ(client_->Call("grpc_get_last_sequence"), "{\"last_sequence\": u64:0}");
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", nullptr),
            "#18: Supplied key type of part 0 does not match index part type: expected string");
  EXPECT_EQ(client_->Call("get_latest_sequence_for_subject", "b"), "u64:2");
}

TEST_F(GateCallsTest, PayloadsWithinMessages) {
  EXPECT_EQ(client_->Call("grpc_publish_msgpack", "a", Binary("\x01\x02"), Map("k", "v")),
            "{\"sequence\": u64:1, \"status_code\": i64:0, \"error_message\": nil}");
  EXPECT_EQ(client_->Call("grpc_publish_msgpack", "a", "", Map()),
            "{\"sequence\": u64:0, \"status_code\": i64:3, \"error_message\": \"data_msgpack is required and cannot be "
            "empty\"}");
  EXPECT_EQ(client_->Call("publish_message_msgpack", "a", nullptr, Map(), "name"), "u64:2");
  EXPECT_EQ(client_->Call("publish_message_msgpack", "a", "data", Map(), "name"),
            "#32: a message has either data_msgpack or an object_name");
  EXPECT_EQ(client_->Call("grpc_fetch_msgpack", "a", "c", 10, false),
            "[{\"sequence\": u64:1, \"headers\": {\"k\": \"v\"}, \"object_name\": \"a_1\", \"subject\": \"a\", "
            "\"create_at\": u64:1700000000, \"data_msgpack\": x\"0102\"}, "
            "{\"sequence\": u64:2, \"headers\": {}, \"object_name\": \"name\", \"subject\": \"a\", "
            "\"create_at\": u64:1700000000}]");
  EXPECT_EQ(client_->Call("get_message_by_sequence", 1),
            "[u64:1, {\"k\": \"v\"}, \"a_1\", \"a\", u64:1700000000, x\"0102\"]");
}

TEST_F(GateCallsTest, SingleMessagesAndRanges) {
  for (const char* subject : {"a", "b", "a", "a"}) Publish(subject);
  EXPECT_EQ(client_->Call("get_message_by_sequence", 2), "[u64:2, {}, \"b_2\", \"b\", u64:1700000000]");
  EXPECT_EQ(client_->Call("get_message_by_sequence", 99), "");
  EXPECT_EQ(client_->Call("get_message_by_sequence_decoded", 99), "nil");
  EXPECT_EQ(client_->Call("get_messages_by_subject", "a", 3, 10),
            "[[u64:3, {}, \"a_3\", \"a\", u64:1700000000], [u64:4, {}, \"a_4\", \"a\", u64:1700000000]]");
  EXPECT_EQ(client_->Call("get_messages_by_subject", "a", 2, 1), "[[u64:3, {}, \"a_3\", \"a\", u64:1700000000]]");
  EXPECT_EQ(client_->Call("get_messages_by_subject", "a", 5, 1), "[]");
}

TEST_F(GateCallsTest, PositionsAreSetAsToldButNotPastTheEnd) {
  for (int i = 0; i < 3; ++i) Publish("a");
  EXPECT_EQ(client_->Call("update_consumer_position", "c", "a", 3), "true");
  EXPECT_EQ(client_->Call("update_consumer_position", "c", "a", 1), "true");
  EXPECT_EQ(client_->Call("get_consumer_position", "c", "a"), "u64:1");
  EXPECT_EQ(client_->Call("update_consumer_position", "c", "a", 4), "false");
  EXPECT_EQ(client_->Call("update_consumer_position", "c", "a", -1),
            "#23: Tuple field 3 type does not match one required by operation: expected unsigned");
  client_->Call("update_consumer_position", "d", "a", 2);
  EXPECT_EQ(client_->Call("get_consumers_by_subject", "a"), "[[\"c\", \"a\", u64:1], [\"d\", \"a\", u64:2]]");
}

TEST_F(GateCallsTest, OldMessagesGoAndTheAnswerNamesThem) {
  client_->Call("grpc_publish", "a", "object", Map());
  Publish("a");
  clock_.Advance(100'000'000);
  Publish("a");
  EXPECT_EQ(client_->Call("delete_old_messages", 1000), "u64:0, []");
  EXPECT_EQ(client_->Call("delete_old_messages", 50),
            "u64:2, [{\"sequence\": u64:1, \"subject\": \"a\", \"object_name\": \"object\"}, "
            "{\"sequence\": u64:2, \"subject\": \"a\", \"object_name\": \"a_2\"}]");
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", "a"), "{\"last_sequence\": u64:3}");
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c", 10, false), "[[u64:3, {}, \"a_3\", \"a\", u64:1700000100]]");
}

TEST_F(GateCallsTest, PatternsAreConsumedLikeSubjects) {
  for (const char* subject : {"a.b", "a.c", "x"}) Publish(subject);
  EXPECT_EQ(client_->Call("grpc_fetch", "a.*", "c", 10, true),
            "[[u64:1, {}, \"a.b_1\", \"a.b\", u64:1700000000], [u64:2, {}, \"a.c_2\", \"a.c\", u64:1700000000]]");
  EXPECT_EQ(client_->Call("get_consumer_position", "c", "a.*"), "u64:2");
}

TEST_F(GateCallsTest, TheOlderCallAnswersTuples) {
  EXPECT_EQ(client_->Call16("grpc_publish", "a", "", Map()),
            "[{\"sequence\": u64:1, \"status_code\": i64:0, \"error_message\": nil}]");
  EXPECT_EQ(client_->Call16("grpc_fetch", "a", "c", 10, false), "[u64:1, {}, \"a_1\", \"a\", u64:1700000000]");
  EXPECT_EQ(client_->Call16("get_message_by_sequence", 99), "");
  EXPECT_EQ(client_->Call16("grpc_ack", "c", "a", 1), "[true]");
}

TEST_F(GateCallsTest, MessagesOfOtherDoorsAreSeen) {
  NewMessage message;
  message.subject = "a";
  message.payload = "from gRPC";
  broker_->publisher().Publish(message,
                               [](const absl::StatusOr<broker::Published>& published) { EXPECT_TRUE(published.ok()); });
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c", 10, false), "[[u64:1, {}, \"a_1\", \"a\", u64:1700000000]]");
}

TEST_F(GateCallsTest, AnObjectNameRefersToThePayloadStore) {
  payloads_.PutNamed("minio/a.json", "{}");
  client_->Call("grpc_publish", "a", "minio/a.json", Map());
  client_->Call("grpc_publish", "a", "no such object", Map());
  broker::FetchOptions options;
  options.subject = "a";
  options.max_messages = 10;
  broker_->fetcher().Fetch(options, [](absl::StatusOr<broker::Deliveries> deliveries) {
    ASSERT_TRUE(deliveries.ok());
    ASSERT_EQ(deliveries->messages.size(), 2u);
    EXPECT_EQ(deliveries->messages[0].data(), "{}");
    EXPECT_EQ(deliveries->messages[1].status, broker::PayloadStatus::kMissing);
  });
}

TEST_F(GateCallsTest, AFetchIsBoundedByBytes) {
  const auto headers = Map("h", std::string(60'000, 'h'));
  for (int i = 0; i < 100; ++i) client_->Call("grpc_publish", "a", "", headers);
  EXPECT_LE(client_->Call("grpc_fetch", "a", "c", 100, false).size(), kMaxReplyBytes + 100'000);
  EXPECT_NE(client_->Call("grpc_fetch", "a", "c", 100, false), "[]");
}

}  // namespace
}  // namespace mts::gate
