#include <thread>

#include "gate/gate_fixture.h"

namespace mts::gate {
namespace {

using iproto::Array;
using iproto::Binary;
using iproto::Map;

class GateSessionTest : public GateFixture {};

constexpr char kWrong[] = "#47: User not found or supplied credentials are invalid";

std::string Authenticate(GateClient& client, std::string_view user, const iproto::Raw& proof) {
  return GateClient::Shown(client.Request(7, Map(0x23, std::string(user), 0x21, proof).bytes));
}

TEST_F(GateSessionTest, TheGreetingIsATarantools) {
  GateClient client(server_->port());
  EXPECT_EQ(client.greeting().substr(0, 25), "Tarantool 2.6.0 (Binary) ");
  GateClient other(server_->port());
  EXPECT_NE(client.greeting().substr(64), other.greeting().substr(64));
}

TEST_F(GateSessionTest, OnlyTheRightPasswordComesIn) {
  GateClient client(server_->port());
  EXPECT_FALSE(client.Authenticate("minitoolstream", "wrong"));
  EXPECT_FALSE(client.Authenticate("nobody", "changeme"));
  EXPECT_FALSE(client.Authenticate("nobody", ""));
  EXPECT_EQ(Authenticate(client, "minitoolstream", Array("chap-sha1", "short")), kWrong);
  EXPECT_EQ(Authenticate(client, "minitoolstream", Array("chap-sha1", Binary(std::string(20, 'x')))), kWrong);
  EXPECT_EQ(Authenticate(client, "minitoolstream", Array()), kWrong);
  EXPECT_EQ(client.Call("grpc_publish", "a", "", Map()),
            "#42: Execute access to function 'grpc_publish' is denied for user 'guest'");
  EXPECT_TRUE(client.Authenticate("minitoolstream", "changeme"));
  EXPECT_NE(client.Call("grpc_publish", "a", "", Map())[0], '#');
}

TEST_F(GateSessionTest, AWrongPasswordDoesNotTakeAwayWhoOneIs) {
  auto client = Connect();
  EXPECT_FALSE(client->Authenticate("minitoolstream", "wrong"));
  EXPECT_EQ(client->Call("grpc_get_last_sequence", "a"), "{\"last_sequence\": u64:0}");
}

TEST_F(GateSessionTest, PapSha256) {
  GateClient client(server_->port());
  EXPECT_EQ(Authenticate(client, "minitoolstream", Array("pap-sha256", "wrong")), kWrong);
  EXPECT_EQ(Authenticate(client, "minitoolstream", Array("pap-sha256", "changeme")), "");
  EXPECT_EQ(client.Call("grpc_get_last_sequence", "a"), "{\"last_sequence\": u64:0}");
}

TEST_F(GateSessionTest, OtherWaysToAuthenticateAreRefused) {
  GateClient client(server_->port());
  EXPECT_EQ(Authenticate(client, "minitoolstream", Array("md5", "x")),
            "#5: Authentication method 'md5' is not supported");
  EXPECT_EQ(Authenticate(client, "minitoolstream", Array(1, 2)), "#20: Invalid MsgPack - authentication request body");
  EXPECT_EQ(GateClient::Shown(client.Request(7, Map().bytes)), "#69: Missing mandatory field 'user name' in request");
  EXPECT_EQ(Authenticate(client, "guest", Array()), "");
}

TEST_F(GateSessionTest, UsersAreThoseOfTheConfiguration) {
  GateOptions options;
  options.users = {{"connector", "secret"}, {"reader", ""}};
  Restart(std::move(options));
  GateClient client(server_->port());
  EXPECT_FALSE(client.Authenticate("minitoolstream", "changeme"));
  EXPECT_TRUE(client.Authenticate("connector", "secret"));
  EXPECT_TRUE(client.Authenticate("reader", ""));
}

TEST_F(GateSessionTest, GuestsSeeThatThereIsAServer) {
  GateClient client(server_->port());
  EXPECT_EQ(GateClient::Shown(client.Request(64, Map().bytes)), "");
  EXPECT_NE(client.Select(281, 2, 0, Array("_vspace")), "");
  EXPECT_EQ(client.Select(281, 2, 0, Array("message")), "");
  EXPECT_EQ(client.Select(512, 0, 0, Array()), "#42: Read access to space 'message' is denied for user 'guest'");
  EXPECT_EQ(client.Select(513, 0, 0, Array()), "#42: Read access to space 'consumers' is denied for user 'guest'");
}

TEST_F(GateSessionTest, TheProtocolsVersion) {
  GateClient client(server_->port());
  EXPECT_EQ(GateClient::Shown(client.Request(73, Map(0x54, 6, 0x55, Array(0, 1, 2)).bytes)),
            "{84: 1, 85: [], 91: \"chap-sha1\"}");
}

TEST_F(GateSessionTest, WhatIsNotServedSaysSo) {
  auto client = Connect();
  const auto request = [&](uint32_t type) { return GateClient::Shown(client->Request(type, Map().bytes)); };
  EXPECT_EQ(request(8), "#5: MiniToolStream does not support eval: there is no Lua, call one of its functions");
  EXPECT_EQ(request(11), "#5: MiniToolStream does not support SQL: call one of its functions, or select");
  for (const uint32_t write : {2, 3, 4, 5, 9}) EXPECT_EQ(request(write).substr(0, 4), "#42:") << write;
  EXPECT_EQ(request(66).substr(0, 4), "#42:");
  EXPECT_EQ(request(14), "#48: Unknown request type 14");
  EXPECT_EQ(request(74), "#48: Unknown request type 74");
  EXPECT_EQ(request(12345), "#48: Unknown request type 12345");
  EXPECT_EQ(client->Call("nothing"), "#33: Procedure 'nothing' is not defined");
  EXPECT_EQ(client->Call("get_next_sequence"),
            "#5: MiniToolStream does not support get_next_sequence: a message takes its sequence when it commits: use "
            "grpc_publish");
  EXPECT_EQ(GateClient::Shown(client->Request(10, Map(0x21, Array()).bytes)),
            "#69: Missing mandatory field 'function name' in request");
}

TEST_F(GateSessionTest, ADifferentSchemaVersionIsRefused) {
  auto client = Connect();
  std::string body = iproto::Map(0, 64, 1, 500, 5, 77).bytes;
  std::string packet;
  msgpack::AppendUnsigned(packet, body.size());
  client->SendBytes(packet + body);
  EXPECT_EQ(GateClient::Shown(client->Wait(500)), "#109: Wrong schema version, current: 1, in request: 77");
}

TEST_F(GateSessionTest, PoolsLearnThatTheInstanceTakesWrites) {
  auto client = Connect();
  EXPECT_NE(client->Call("box.info").find("\"ro\": false"), std::string::npos);
}

TEST_F(GateSessionTest, ManyRequestsInOneWriteAreAllAnswered) {
  auto client = Connect();
  constexpr uint64_t kRequests = 10'000;
  std::string packets;
  for (uint64_t i = 1; i <= kRequests; ++i) {
    packets += GateClient::Packet(10, 1'000'000 + i, GateClient::CallBody("grpc_publish", "a", "", Map()));
  }
  std::thread sender([&] { client->SendBytes(packets); });
  std::vector<bool> sequences(kRequests + 1);
  for (uint64_t i = 0; i < kRequests; ++i) {
    const GateClient::Answer answer = client->Receive();
    ASSERT_GT(answer.sync, 1'000'000u) << answer.text;
    const uint64_t number = answer.sync - 1'000'000;
    // One client's publishes take their numbers in the order in which they were sent.
    ASSERT_EQ(answer.text, Concat("{\"sequence\": u64:", number, ", \"status_code\": i64:0, \"error_message\": nil}"));
    sequences[number] = true;
  }
  sender.join();
  for (uint64_t i = 1; i <= kRequests; ++i) EXPECT_TRUE(sequences[i]);
}

TEST_F(GateSessionTest, OneBadPublishOfABurstDoesNotSpoilTheOthers) {
  auto client = Connect();
  std::string packets;
  for (uint64_t i = 1; i <= 5; ++i) {
    packets +=
        GateClient::Packet(10, 100 + i, GateClient::CallBody("grpc_publish", i == 3 ? "not valid" : "a", "", Map()));
  }
  client->SendBytes(packets);
  std::map<uint64_t, std::string> answers;
  for (int i = 0; i < 5; ++i) {
    const GateClient::Answer answer = client->Receive();
    answers[answer.sync] = answer.text;
  }
  EXPECT_NE(answers[103].find("\"status_code\": i64:3"), std::string::npos);
  for (const uint64_t sync : {101, 102, 104, 105}) {
    EXPECT_NE(answers[sync].find("\"status_code\": i64:0"), std::string::npos) << answers[sync];
  }
}

TEST_F(GateSessionTest, ShutdownAnswersWhatWasAsked) {
  auto client = Connect();
  client->Call("grpc_publish", "a", "", Map());
  server_->Shutdown();
  EXPECT_TRUE(client->IsClosed());
  GateClient late(server_ == nullptr ? 0 : 1);
  EXPECT_EQ(late.greeting(), "");
}

TEST(GateServerTest, AnAddressThatIsTakenOrNoneIsAnError) {
  store::MemoryMessageStore messages;
  store::MemoryPayloadStore payloads;
  broker::Broker broker(messages, payloads, {});
  GateOptions options;
  options.listen = "127.0.0.1:0";
  const auto first = GateServer::Start(options, broker, messages);
  ASSERT_TRUE(first.ok());
  options.listen = Concat("127.0.0.1:", (*first)->port());
  const auto second = GateServer::Start(options, broker, messages);
  EXPECT_FALSE(second.ok());
  options.listen = "no address";
  EXPECT_TRUE(absl::IsInvalidArgument(GateServer::Start(options, broker, messages).status()));
}

TEST(GateServerTest, TheWellKnownPasswordIsForThisMachineOnly) {
  GateOptions options;
  EXPECT_FALSE(IsOpenToEveryone(options));
  options.listen = "0.0.0.0:3301";
  EXPECT_TRUE(IsOpenToEveryone(options));
  options.listen = "[::1]:3301";
  EXPECT_FALSE(IsOpenToEveryone(options));
  options.listen = "0.0.0.0:3301";
  options.users = {{kDefaultUser, "another"}};
  EXPECT_FALSE(IsOpenToEveryone(options));
}

}  // namespace
}  // namespace mts::gate
