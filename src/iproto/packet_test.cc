#include "iproto/packet.h"

#include <random>

#include "gtest/gtest.h"
#include "iproto/greeting.h"
#include "iproto/msgpack_text.h"
#include "iproto/msgpack_values.h"
#include "iproto/scramble.h"

namespace mts::iproto {
namespace {

constexpr uint64_t kLimit = 1000;

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

TEST(FrameTest, AWholePacketIsFoundWithAnyFormOfLength) {
  const std::string body(5, 'x');
  for (const std::string& length : {Bytes({5}), Bytes({0xCC, 5}), Bytes({0xCD, 0, 5}), Bytes({0xCE, 0, 0, 0, 5}),
                                    Bytes({0xCF, 0, 0, 0, 0, 0, 0, 0, 5})}) {
    const std::string bytes = length + body + "rest";
    const Frame frame = NextFrame(bytes, kLimit);
    EXPECT_EQ(frame.state, Frame::State::kWhole);
    EXPECT_EQ(frame.packet, body);
    EXPECT_EQ(frame.total_bytes, length.size() + body.size());
  }
}

TEST(FrameTest, EveryCutIsPartial) {
  const std::string packet = Bytes({0xCE, 0, 0, 0, 3}) + "abc";
  for (size_t size = 0; size < packet.size(); ++size) {
    EXPECT_EQ(NextFrame(packet.substr(0, size), kLimit).state, Frame::State::kPartial) << size;
  }
}

TEST(FrameTest, ALengthThatIsTooLongIsRefusedBeforeThePacketArrives) {
  EXPECT_EQ(NextFrame(Bytes({0xCD, 0x03, 0xE9}), kLimit).state, Frame::State::kTooLong);
  EXPECT_EQ(NextFrame(Bytes({0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}), kLimit).state,
            Frame::State::kTooLong);
}

TEST(FrameTest, WhatIsNoLengthIsInvalid) {
  for (const int head : {0x80, 0x90, 0xA0, 0xC0, 0xC1, 0xD0, 0xFF}) {
    EXPECT_EQ(NextFrame(Bytes({head, 0xFF}), kLimit).state, Frame::State::kInvalid) << head;
  }
}

TEST(HeaderTest, FieldsAreFoundInAnyOrderAmongUnknownOnes) {
  const std::string packet = Map(9, Array(1, 2), 1, 77, 0, 10, 5, 3).bytes + "body";
  Request request;
  ASSERT_TRUE(DecodeHeader(packet, request));
  EXPECT_EQ(request.type, RequestType::kCall);
  EXPECT_EQ(request.sync, 77u);
  EXPECT_EQ(request.schema_version, 3u);
  EXPECT_EQ(request.body, "body");
}

TEST(HeaderTest, WhatIsNoHeaderIsRefusedAndTheSyncIsKeptWhereItIsKnown) {
  Request request;
  EXPECT_FALSE(DecodeHeader("", request));
  EXPECT_FALSE(DecodeHeader(Array(0, 10).bytes, request));
  EXPECT_FALSE(DecodeHeader(Map("0", 10).bytes, request));
  EXPECT_FALSE(DecodeHeader(Map(1, 5).bytes, request));
  EXPECT_EQ(request.sync, 5u);
  EXPECT_FALSE(DecodeHeader(Map(1, 6, 0, "call").bytes, request));
  EXPECT_EQ(request.sync, 6u);
  EXPECT_FALSE(DecodeHeader(Bytes({0xDF, 0xFF, 0xFF, 0xFF, 0xFF}), request));
}

TEST(BodyTest, FieldsAreFound) {
  const Raw encoded = Map(0x22, "grpc_ack", 0x21, Array("a", 1), 0x10, 512, 0x11, 2, 0x12, 10, 0x13, 4, 0x14, 5, 0x20,
                          Array(1), 0x23, "user", 0x7F, Map("x", 1));
  Body body;
  ASSERT_TRUE(DecodeBody(encoded.bytes, body));
  EXPECT_EQ(*body.function_name, "grpc_ack");
  EXPECT_EQ(MsgpackText(*body.tuple), "[\"a\", 1]");
  EXPECT_EQ(*body.space_id, 512u);
  EXPECT_EQ(*body.index_id, 2u);
  EXPECT_EQ(*body.limit, 10u);
  EXPECT_EQ(*body.offset, 4u);
  EXPECT_EQ(*body.iterator, 5u);
  EXPECT_EQ(MsgpackText(*body.key), "[1]");
  EXPECT_EQ(*body.user_name, "user");
}

TEST(BodyTest, WrongTypesCutsAndBytesBehindAreRefused) {
  Body body;
  EXPECT_TRUE(DecodeBody("", body));
  EXPECT_FALSE(DecodeBody(Array(1).bytes, body));
  EXPECT_FALSE(DecodeBody(Map(0x22, 5).bytes, body));
  EXPECT_FALSE(DecodeBody(Map(0x21, "no array").bytes, body));
  EXPECT_FALSE(DecodeBody(Map(0x10, "512").bytes, body));
  EXPECT_FALSE(DecodeBody(Map(0x12, -1).bytes, body));
  EXPECT_FALSE(DecodeBody(Map("key", 1).bytes, body));
  EXPECT_FALSE(DecodeBody(Map(0x22, "f").bytes + "x", body));
  const std::string whole = Map(0x22, "grpc_ack", 0x21, Array("a", 1)).bytes;
  for (size_t size = 1; size < whole.size(); ++size) EXPECT_FALSE(DecodeBody(whole.substr(0, size), body)) << size;
}

TEST(BodyTest, DeepNestingIsRefused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) msgpack::AppendArray(deep, 1);
  msgpack::AppendNil(deep);
  Body body;
  EXPECT_FALSE(DecodeBody(Map(0x21, Raw{deep}).bytes, body));
  EXPECT_FALSE(DecodeBody(Map(0x7F, Raw{deep}).bytes, body));
  Request request;
  EXPECT_FALSE(DecodeHeader(Map(0x7F, Raw{deep}, 0, 1).bytes, request));
}

TEST(BodyTest, RandomBytesNeverReadPastTheEnd) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    Request request;
    Body body;
    if (DecodeHeader(bytes, request)) {
      EXPECT_LE(request.body.size(), bytes.size());
    }
    DecodeBody(bytes, body);
    NextFrame(bytes, kLimit);
  }
}

TEST(ReplyTest, APacketIsWhole) {
  std::string packets;
  AppendReply(packets, 7, 1, 2, Array(1).bytes + Array(2).bytes);
  const Frame frame = NextFrame(packets, kLimit);
  ASSERT_EQ(frame.state, Frame::State::kWhole);
  EXPECT_EQ(frame.total_bytes, packets.size());
  Request header;
  ASSERT_TRUE(DecodeHeader(frame.packet, header));
  EXPECT_EQ(header.sync, 7u);
  EXPECT_EQ(header.type, RequestType::kOk);
  EXPECT_EQ(MsgpackText(header.body), "{48: [[1], [2]]}");
}

TEST(ReplyTest, AnErrorHasItsNumberAndText) {
  std::string packets;
  AppendError(packets, 8, 1, {ErrorCode::kNoSuchProcedure, "Procedure 'x' is not defined"});
  const Frame frame = NextFrame(packets, kLimit);
  Request header;
  ASSERT_TRUE(DecodeHeader(frame.packet, header));
  EXPECT_EQ(static_cast<uint32_t>(header.type), 0x8000u | 33);
  EXPECT_EQ(MsgpackText(header.body), "{49: \"Procedure 'x' is not defined\"}");
}

TEST(GreetingTest, TheSaltComesBack) {
  const std::string salt = "0123456789abcdef0123456789abcdef";
  const std::string greeting = MakeGreeting("2.6.0", "7170b4f3-0000-4000-8000-000000000000", salt);
  EXPECT_EQ(greeting.size(), kGreetingBytes);
  EXPECT_EQ(greeting[63], '\n');
  EXPECT_EQ(greeting[127], '\n');
  EXPECT_EQ(SaltOfGreeting(greeting), salt);
  EXPECT_EQ(SaltOfGreeting("HTTP/1.1 400 Bad Request"), std::nullopt);
}

TEST(ScrambleTest, OnlyTheRightPasswordPasses) {
  const std::string salt = "0123456789abcdef0123456789abcdef";
  const std::string scramble = ChapSha1Scramble("changeme", salt);
  EXPECT_EQ(scramble.size(), kScrambleBytes);
  EXPECT_TRUE(CheckChapSha1(scramble, "changeme", salt));
  EXPECT_FALSE(CheckChapSha1(scramble, "changeme2", salt));
  EXPECT_FALSE(CheckChapSha1(scramble, "changeme", "another salt of 20 bytes"));
  EXPECT_FALSE(CheckChapSha1("", "changeme", salt));
  EXPECT_TRUE(CheckPapSha256("changeme", "changeme"));
  EXPECT_FALSE(CheckPapSha256("", "changeme"));
}

}  // namespace
}  // namespace mts::iproto
