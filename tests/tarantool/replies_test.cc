#include "tests/tarantool/tarantool_fixture.h"

namespace mts::tarantool {
namespace {

// What the quick start's functions answer, with the width of each integer: the same as the gate's
// (src/gate/gate_calls_test.cc), but for the order of a map's pairs and plain numbers, which Lua packs in their
// shortest form.
class RepliesTest : public TarantoolFixture {
 protected:
  void SetUp() override { started_ = Start(); }
  void Publish(const char* subject) { client_->Call("grpc_publish", subject, "o", Map()); }
  // The answer with every time of the quick start's rows as T.
  static std::string WithoutTimes(std::string text) {
    for (size_t at = text.find("u64:17"); at != std::string::npos; at = text.find("u64:17", at + 1)) {
      text.replace(at, 14, "T");
    }
    return text;
  }
  bool started_ = false;
};

constexpr char kPublished[] = "{\"error_message\": nil, \"sequence\": u64:1, \"status_code\": i64:0}";

TEST_F(RepliesTest, APublishedMessageIsFetchedAsItWasSent) {
  if (!started_) return;
  EXPECT_EQ(Sorted(client_->Call("grpc_publish", "orders", "minio/orders/12345.json",
                                 Map("content-type", "application/json", "n", 5, "f", 1.5, "flag", true, "list",
                                     Array(1, "x"), "large", 5'000'000'000, "none", nullptr, "map", Map("k", "v")))),
            kPublished);
  const std::string fetched = WithoutTimes(client_->Call("grpc_fetch", "orders", "consumer-1", 10, false));
  for (const char* part : {"[[u64:1, {", "\"content-type\": \"application/json\"", "\"n\": 5", "\"f\": 1.5",
                           "\"flag\": true", "\"list\": [1, \"x\"]", "\"large\": u64:5000000000", "\"none\": nil",
                           "\"map\": {\"k\": \"v\"}", "}, \"minio/orders/12345.json\", \"orders\", T]]"}) {
    EXPECT_NE(fetched.find(part), std::string::npos) << part << " in " << fetched;
  }
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", "orders"), "{\"last_sequence\": u64:1}");
}

TEST_F(RepliesTest, TheOlderCallAnswersTuples) {
  if (!started_) return;
  const std::string published = client_->Call16("grpc_publish", "a", "o", Map());
  EXPECT_EQ(Sorted(published.substr(1, published.size() - 2)), kPublished) << published;
  Publish("a");
  EXPECT_EQ(client_->Call16("grpc_get_last_sequence", "a"), "[{\"last_sequence\": u64:2}]");
  EXPECT_EQ(WithoutTimes(client_->Call16("grpc_fetch", "a", "c", 10, false)),
            "[u64:1, {}, \"o\", \"a\", T], [u64:2, {}, \"o\", \"a\", T]");
  EXPECT_EQ(client_->Call16("grpc_fetch", "b", "c", 10, false), "[]");
  EXPECT_EQ(client_->Call16("grpc_ack", "c", "a", 1), "[true]");
  EXPECT_EQ(client_->Call16("get_consumer_position", "c", "a"), "[1]");
  EXPECT_EQ(WithoutTimes(client_->Call16("get_message_by_sequence", 2)), "[u64:2, {}, \"o\", \"a\", T]");
  EXPECT_EQ(client_->Call16("get_message_by_sequence", 3), "");
}

TEST_F(RepliesTest, RefusalsOfAPublishAreInItsAnswerAndTakeNoNumber) {
  if (!started_) return;
  const char* const wrong_headers =
      "{\"error_message\": \"Tuple field 2 type does not match one required by operation: expected map\", "
      "\"sequence\": u64:0, \"status_code\": i64:1}";
  EXPECT_EQ(Sorted(client_->Call("grpc_publish", "orders", "o", nullptr)), wrong_headers);
  EXPECT_EQ(Sorted(client_->Call("grpc_publish", "orders", "o")), wrong_headers);
  EXPECT_EQ(Sorted(client_->Call("grpc_publish", "orders", "o", Array())), wrong_headers);
  EXPECT_EQ(Sorted(client_->Call("grpc_publish", "", "o", Map())),
            "{\"error_message\": \"subject cannot be empty\", \"sequence\": u64:0, \"status_code\": i64:3}");
  EXPECT_EQ(Sorted(client_->Call("grpc_publish", "orders", "o", Map())), kPublished);
}

TEST_F(RepliesTest, AcknowledgingIsMonotonicAndEndsAtTheLastMessage) {
  if (!started_) return;
  for (const char* subject : {"a", "b", "a"}) Publish(subject);
  EXPECT_EQ(Sorted(client_->Call("check_new_messages", "a", "c")),
            "{\"consumer_position\": u64:0, \"has_new\": true, \"latest_sequence\": u64:3, \"new_count\": u64:3}");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 1), "true");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 1), "false");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 0), "false");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "a", 4), "false");
  EXPECT_EQ(client_->Call("grpc_ack", "c", "unknown", 1), "false");
  EXPECT_EQ(Sorted(client_->Call("check_new_messages", "a", "c")),
            "{\"consumer_position\": u64:1, \"has_new\": true, \"latest_sequence\": u64:3, \"new_count\": u64:2}");
  // Over the number of another subject.
  EXPECT_EQ(WithoutTimes(client_->Call("grpc_peek", "a", "c", 5)), "[[u64:3, {}, \"o\", \"a\", T]]");
  EXPECT_EQ(WithoutTimes(client_->Call("grpc_fetch", "a", "c", 5, true)), "[[u64:3, {}, \"o\", \"a\", T]]");
  EXPECT_EQ(client_->Call("grpc_fetch", "a", "c", 5, true), "[]");
}

TEST_F(RepliesTest, PayloadsWithinMessages) {
  if (!started_) return;
  EXPECT_EQ(Sorted(client_->Call("grpc_publish_msgpack", "a", Binary("\x01\x02"), Map("k", "v"))), kPublished);
  const std::string fetched = client_->Call("grpc_fetch_msgpack", "a", "c", 10, false);
  EXPECT_NE(fetched.find("\"data_msgpack\": x\"0102\""), std::string::npos) << fetched;
  EXPECT_EQ(client_->Call("publish_message_msgpack", "a", "data", Map(), "name").substr(0, 4), "#32:");
}

TEST_F(RepliesTest, OldMessagesAreDeletedAndNamed) {
  if (!started_) return;
  for (const char* subject : {"a", "b"}) Publish(subject);
  EXPECT_EQ(client_->Call("delete_old_messages", 3600), "0, []");
  // Strictly older than now.
  const std::string gone = client_->Call("delete_old_messages", 0);
  EXPECT_EQ(gone.substr(0, 3), "2, ") << gone;
  EXPECT_NE(gone.find("\"sequence\": u64:2"), std::string::npos) << gone;
  EXPECT_NE(gone.find("\"object_name\": \"o\""), std::string::npos) << gone;
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", "b"), "{\"last_sequence\": u64:2}");
}

}  // namespace
}  // namespace mts::tarantool
