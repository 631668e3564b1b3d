#include "gtest/gtest.h"
#include "iproto/call_arguments.h"
#include "iproto/call_functions.h"
#include "iproto/call_replies.h"
#include "iproto/msgpack_text.h"
#include "iproto/msgpack_values.h"

namespace mts::iproto {
namespace {

template <typename T>
const Error& ErrorIn(const Decoded<T>& decoded) {
  static const Error none;
  const Error* error = std::get_if<Error>(&decoded);
  return error == nullptr ? none : *error;
}

template <typename... Values>
std::string Arguments(const Values&... values) {
  return Array(values...).bytes;
}

constexpr char kHeadersError[] = "Tuple field 2 type does not match one required by operation: expected map";

TEST(PublishArgumentsTest, AreTakenAsTheyAre) {
  const std::string arguments =
      Arguments("orders", "minio/orders/12345.json", Map("content-type", "application/json", "n", 5));
  const auto decoded = DecodePublish(arguments);
  const auto& publish = std::get<PublishArguments>(decoded);
  EXPECT_EQ(publish.subject, "orders");
  EXPECT_EQ(publish.object_name, "minio/orders/12345.json");
  EXPECT_EQ(MsgpackText(publish.headers), "{\"content-type\": \"application/json\", \"n\": 5}");
}

TEST(PublishArgumentsTest, AnEmptyMapIsNoHeaders) {
  const std::string arguments = Arguments("orders", "", Map());
  const auto decoded = DecodePublish(arguments);
  EXPECT_EQ(std::get<PublishArguments>(decoded).headers, "");
}

TEST(PublishArgumentsTest, WrongTypesSayWhichField) {
  EXPECT_EQ(ErrorIn(DecodePublish(Arguments("s", "o", nullptr))).text, kHeadersError);
  EXPECT_EQ(ErrorIn(DecodePublish(Arguments("s", "o"))).text, kHeadersError);
  EXPECT_EQ(ErrorIn(DecodePublish(Arguments("s", "o", Array()))).text, kHeadersError);
  EXPECT_EQ(ErrorIn(DecodePublish(Arguments("s", "o", 5))).text, kHeadersError);
  EXPECT_EQ(ErrorIn(DecodePublish(Arguments("s", 5, Map()))).text,
            "Tuple field 3 type does not match one required by operation: expected string");
  EXPECT_EQ(ErrorIn(DecodePublish(Arguments(nullptr, "o", Map()))).text,
            "Tuple field 4 type does not match one required by operation: expected string");
  EXPECT_EQ(ErrorIn(DecodePublish(Arguments())).text, kHeadersError);
  EXPECT_EQ(ErrorIn(DecodePublish("")).text, kHeadersError);
  EXPECT_EQ(ErrorIn(DecodePublish(Arguments(5, "o", Map()))).code, ErrorCode::kFieldType);
}

TEST(PublishArgumentsTest, TheMsgpackFormTakesData) {
  const std::string arguments = Arguments("s", Binary("data"), Map(), "name");
  const auto decoded = DecodePublishMsgpack(arguments);
  const auto& publish = std::get<PublishArguments>(decoded);
  EXPECT_EQ(publish.payload, "data");
  EXPECT_EQ(publish.object_name, "name");
  EXPECT_EQ(ErrorIn(DecodePublishMsgpack(Arguments("s", 5, Map()))).text,
            "Tuple field 6 type does not match one required by operation: expected string");
  EXPECT_TRUE(std::holds_alternative<PublishArguments>(DecodePublishMsgpack(Arguments("s", nullptr, Map(), nullptr))));
}

TEST(FetchArgumentsTest, AreTakenAsTheyAre) {
  const std::string arguments = Arguments("orders", "consumer-1", 10, true);
  const auto decoded = DecodeFetch(arguments);
  const auto& fetch = std::get<FetchArguments>(decoded);
  EXPECT_EQ(fetch.subject, "orders");
  EXPECT_EQ(fetch.durable_name, "consumer-1");
  EXPECT_EQ(fetch.batch_size, 10u);
  EXPECT_TRUE(fetch.auto_ack);
}

TEST(FetchArgumentsTest, BatchSizesAreNumbersOfAnyKind) {
  const auto size = [](const std::string& arguments) {
    const auto decoded = DecodeFetch(arguments);
    return std::get<FetchArguments>(decoded).batch_size;
  };
  EXPECT_EQ(size(Arguments("s", "d", 0)), 0u);
  EXPECT_EQ(size(Arguments("s", "d", -1)), 0u);
  EXPECT_EQ(size(Arguments("s", "d", 7.0)), 7u);
  EXPECT_EQ(size(Arguments("s", "d", -7.5)), 0u);
  EXPECT_EQ(size(Arguments("s", "d", 1e300)), kMaxFetchBatch);
  EXPECT_EQ(size(Arguments("s", "d", UINT64_MAX)), kMaxFetchBatch);
}

TEST(FetchArgumentsTest, WrongTypesAreErrors) {
  EXPECT_EQ(ErrorIn(DecodeFetch(Arguments("s", "d"))).code, ErrorCode::kProcedure);
  EXPECT_EQ(ErrorIn(DecodeFetch(Arguments("s", "d"))).text,
            "attempt to compare nil with number: batch_size must be a number");
  EXPECT_EQ(ErrorIn(DecodeFetch(Arguments("s", "d", "10"))).code, ErrorCode::kProcedure);
  EXPECT_EQ(ErrorIn(DecodeFetch(Arguments("s", "d", 0.0 / 0.0))).code, ErrorCode::kProcedure);
  EXPECT_EQ(ErrorIn(DecodeFetch(Arguments("s", nullptr, 10))).code, ErrorCode::kKeyPartType);
  EXPECT_EQ(ErrorIn(DecodeFetch(Arguments(5, "d", 10))).code, ErrorCode::kKeyPartType);
  EXPECT_EQ(ErrorIn(DecodeFetch(Arguments("s", "d", 10, "true"))).code, ErrorCode::kProcedure);
}

TEST(FetchArgumentsTest, ANilAutoAckDoesNotAcknowledge) {
  const std::string arguments = Arguments("s", "d", 10, nullptr);
  const auto decoded = DecodeFetch(arguments);
  EXPECT_FALSE(std::get<FetchArguments>(decoded).auto_ack);
}

TEST(SubjectArgumentTest, MissingIsNotNil) {
  EXPECT_EQ(std::get<SubjectArgument>(DecodeSubject(Arguments())).subject, std::nullopt);
  EXPECT_EQ(ErrorIn(DecodeSubject(Arguments(nullptr))).code, ErrorCode::kKeyPartType);
  EXPECT_EQ(ErrorIn(DecodeSubject(Arguments(nullptr))).text,
            "Supplied key type of part 0 does not match index part type: expected string");
  EXPECT_EQ(ErrorIn(DecodeSubject(Arguments(5))).code, ErrorCode::kKeyPartType);
}

TEST(PositionArgumentsTest, TheDurableNameComesFirst) {
  const std::string arguments = Arguments("consumer-1", "orders", 12);
  const auto decoded = DecodeAck(arguments);
  const auto& ack = std::get<PositionArguments>(decoded);
  EXPECT_EQ(ack.consumer.durable_name, "consumer-1");
  EXPECT_EQ(ack.consumer.subject, "orders");
  EXPECT_EQ(ack.sequence, 12u);
  EXPECT_TRUE(std::get<PositionArguments>(DecodeAck(Arguments("d", "s", -1))).negative);
  EXPECT_EQ(ErrorIn(DecodeAck(Arguments("d", "s", nullptr))).code, ErrorCode::kProcedure);
  EXPECT_EQ(ErrorIn(DecodeAck(Arguments("d", "s", "1"))).code, ErrorCode::kProcedure);
  EXPECT_EQ(ErrorIn(DecodeAck(Arguments("d", "s", 1.5))).code, ErrorCode::kFieldType);
  EXPECT_EQ(ErrorIn(DecodeAck(Arguments(1, "s", 1))).code, ErrorCode::kKeyPartType);
}

TEST(PositionArgumentsTest, UpdatingTakesNoNegativeOnes) {
  EXPECT_EQ(ErrorIn(DecodeUpdatePosition(Arguments("d", "s", -1))).code, ErrorCode::kFieldType);
  EXPECT_EQ(ErrorIn(DecodeUpdatePosition(Arguments("d", "s", "1"))).code, ErrorCode::kFieldType);
  EXPECT_EQ(std::get<PositionArguments>(DecodeUpdatePosition(Arguments("d", "s", 3))).sequence, 3u);
}

TEST(OtherArgumentsTest, AreChecked) {
  EXPECT_EQ(ErrorIn(DecodeSequence(Arguments("1"))).code, ErrorCode::kKeyPartType);
  EXPECT_EQ(ErrorIn(DecodeSequence(Arguments(-1))).code, ErrorCode::kKeyPartType);
  EXPECT_EQ(std::get<uint64_t>(DecodeSequence(Arguments(9.0))), 9u);
  EXPECT_EQ(ErrorIn(DecodeRange(Arguments("s", 1))).code, ErrorCode::kProcedure);
  EXPECT_EQ(ErrorIn(DecodeRange(Arguments("s", "1", 1))).code, ErrorCode::kKeyPartType);
  EXPECT_EQ(ErrorIn(DecodeConsumer(Arguments("d"))).code, ErrorCode::kKeyPartType);
  EXPECT_EQ(ErrorIn(DecodeCheckNewMessages(Arguments("s", 1))).code, ErrorCode::kKeyPartType);
  EXPECT_EQ(ErrorIn(DecodeTtlMicros(Arguments(nullptr))).code, ErrorCode::kProcedure);
  EXPECT_EQ(ErrorIn(DecodeTtlMicros(Arguments(-1))).code, ErrorCode::kProcedure);
  EXPECT_EQ(std::get<int64_t>(DecodeTtlMicros(Arguments(3600))), 3'600'000'000);
  EXPECT_GT(std::get<int64_t>(DecodeTtlMicros(Arguments(UINT64_MAX))), 0);
  const std::string since = Arguments("s", nullptr, 5);
  const auto count = std::get<CountArguments>(DecodeNewMessagesCount(since));
  EXPECT_EQ(count.durable_name, std::nullopt);
  EXPECT_EQ(count.since_sequence, 5u);
}

TEST(ReplyTest, IntegersAreFullWidth) {
  std::string value;
  AppendPublished(value, Sequence(1));
  EXPECT_EQ(MsgpackText(value), "{\"sequence\": u64:1, \"status_code\": i64:0, \"error_message\": nil}");
  value.clear();
  AppendPublishRefused(value, absl::InvalidArgumentError("subject cannot be empty"));
  EXPECT_EQ(MsgpackText(value),
            "{\"sequence\": u64:0, \"status_code\": i64:3, \"error_message\": \"subject cannot be empty\"}");
  value.clear();
  AppendLastSequence(value, Sequence(5));
  EXPECT_EQ(MsgpackText(value), "{\"last_sequence\": u64:5}");
  value.clear();
  AppendNewMessages(value, Sequence(5), Sequence(2));
  EXPECT_EQ(MsgpackText(value),
            "{\"has_new\": true, \"latest_sequence\": u64:5, \"consumer_position\": u64:2, \"new_count\": u64:3}");
}

TEST(ReplyTest, AMessageIsATupleOrAMap) {
  const std::string headers = Map("n", 5, "f", 1.5, "list", Array(1, nullptr)).bytes;
  StoredMessage message;
  message.subject = "orders";
  message.sequence = Sequence(7);
  message.time = Timestamp(1'700'000'000'999'999);
  message.headers = headers;
  message.payload = "data";
  std::string value;
  AppendMessage(value, message, {});
  EXPECT_EQ(MsgpackText(value),
            "[u64:7, {\"n\": 5, \"f\": 1.5, \"list\": [1, nil]}, \"orders_7\", \"orders\", u64:1700000000]");
  value.clear();
  AppendMessage(value, message, {.as_map = true, .with_payload = true});
  EXPECT_EQ(
      MsgpackText(value),
      "{\"sequence\": u64:7, \"headers\": {\"n\": 5, \"f\": 1.5, \"list\": [1, nil]}, \"object_name\": \"orders_7\", "
      "\"subject\": \"orders\", \"create_at\": u64:1700000000, \"data_msgpack\": x\"64617461\"}");
  message.headers = {};
  message.payload_included = false;
  message.reference = PayloadReference{.kind = PayloadKind::kNamed, .key = "minio/a.json"};
  value.clear();
  AppendMessage(value, message, {.with_payload = true});
  EXPECT_EQ(MsgpackText(value), "[u64:7, {}, \"minio/a.json\", \"orders\", u64:1700000000]");
}

// As Tarantool 2.6 answers its older call.
TEST(ReplyTest, TheOlderCallGetsTuples) {
  const auto as_tuples = [](uint32_t count, const std::string& values) {
    std::string tuples;
    const uint32_t number = AppendAsTuples(tuples, count, values);
    return Concat(number, ": ", MsgpackText(tuples));
  };
  EXPECT_EQ(as_tuples(0, ""), "0: ");
  EXPECT_EQ(as_tuples(1, Raw{"\x01"}.bytes), "1: [1]");
  EXPECT_EQ(as_tuples(1, Map("a", 1).bytes), "1: [{\"a\": 1}]");
  EXPECT_EQ(as_tuples(1, Array().bytes), "1: []");
  EXPECT_EQ(as_tuples(1, Array(Array(1, 2), Array(3)).bytes), "2: [1, 2], [3]");
  EXPECT_EQ(as_tuples(1, Array(1, Array(2)).bytes), "1: [1, [2]]");
  EXPECT_EQ(as_tuples(1, Array(Array(1), 2, Map("a", 1)).bytes), "3: [1], [2], [{\"a\": 1}]");
  EXPECT_EQ(as_tuples(3, std::string("\x01") + Array(2).bytes + Map("a", 1).bytes), "3: [1], [2], [{\"a\": 1}]");
  EXPECT_EQ(as_tuples(1, std::string("\xC0")), "1: [nil]");
  EXPECT_EQ(as_tuples(1, Array(Map("a", 1), Map("a", 2)).bytes), "1: [{\"a\": 1}, {\"a\": 2}]");
}

TEST(FunctionTest, NamesAreFoundAndTheOthersSayWhy) {
  EXPECT_EQ(FindFunction("grpc_publish"), Function::kGrpcPublish);
  EXPECT_EQ(FindFunction("nothing"), std::nullopt);
  EXPECT_EQ(NoSuchFunction("nothing").code, ErrorCode::kNoSuchProcedure);
  EXPECT_EQ(NoSuchFunction("nothing").text, "Procedure 'nothing' is not defined");
  EXPECT_EQ(NoSuchFunction("get_next_sequence").code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace mts::iproto
