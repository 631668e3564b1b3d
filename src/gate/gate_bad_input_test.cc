// What clients can do wrong: each ends its own connection at most, never the server or another client's.
#include <sys/socket.h>

#include <chrono>
#include <random>

#include "gate/gate_fixture.h"
#include "gate/gate_session.h"

namespace mts::gate {
namespace {

using iproto::Array;
using iproto::Map;

class GateBadInputTest : public GateFixture {
 protected:
  void SetUp() override {
    GateFixture::SetUp();
    other_ = Connect();
  }
  void TearDown() override {
    EXPECT_EQ(other_->Call("grpc_get_last_sequence", "never"), "{\"last_sequence\": u64:0}");
    GateFixture::TearDown();
  }

  // True once as many connections are left; waits for the server to notice.
  bool WaitForConnections(uint32_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (server_->connections() != count) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::unique_ptr<GateClient> other_;  // a client that does everything right
};

TEST_F(GateBadInputTest, BytesThatAreNoPacketEndTheConnectionWithAnError) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: 127.0.0.1:3301\r\nUser-Agent: a browser\r\nAccept: */*\r\n\r\n"),
        std::string("\xC1"), std::string(100, '\xFF')}) {
    GateClient client(server_->port());
    client.SendBytes(bytes);
    EXPECT_EQ(client.Receive().error, 20u) << bytes;
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST_F(GateBadInputTest, APacketThatIsTooLongIsRefusedBeforeItArrives) {
  auto client = Connect();
  std::string length;
  msgpack::AppendUnsigned64(length, GateSession::kMaxPacketBytes + 1);
  client->SendBytes(length);
  EXPECT_EQ(GateClient::Shown(client->Receive()), "#20: Invalid MsgPack - packet is too long");
  EXPECT_TRUE(client->IsClosed());
}

TEST_F(GateBadInputTest, WhoeverHasNotAuthenticatedSendsShortPacketsOnly) {
  GateClient client(server_->port());
  std::string length;
  msgpack::AppendUnsigned64(length, GateSession::kMaxGuestPacketBytes + 1);
  client.SendBytes(length);
  EXPECT_EQ(client.Receive().error, 20u);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(GateBadInputTest, ALongPacketWithinTheLimitIsTaken) {
  auto client = Connect();
  const std::string answer =
      client->Call("grpc_publish_msgpack", "a", iproto::Binary(std::string(5'000'000, 'x')), Map());
  EXPECT_NE(answer.find("\"status_code\": i64:0"), std::string::npos) << answer;
}

TEST_F(GateBadInputTest, APacketMayArriveByteByByte) {
  auto client = Connect();
  const std::string packet = GateClient::Packet(10, 900, GateClient::CallBody("grpc_get_last_sequence", "a"));
  for (const char byte : packet) client->SendBytes(std::string_view(&byte, 1));
  EXPECT_EQ(client->Wait(900).text, "{\"last_sequence\": u64:0}");
}

TEST_F(GateBadInputTest, AClientThatLeavesInTheMiddleOfAPacketIsForgotten) {
  {
    auto client = Connect();
    client->SendBytes(GateClient::Packet(10, 1, GateClient::CallBody("grpc_fetch", "a", "c", 1)).substr(0, 20));
  }
  EXPECT_TRUE(WaitForConnections(1));
}

TEST_F(GateBadInputTest, HeadersThatLieEndTheConnectionBodiesThatLieDoNot) {
  auto client = Connect();
  EXPECT_EQ(GateClient::Shown(client->Request(10, "\xDF\xFF\xFF\xFF\xFF")), "#20: Invalid MsgPack - packet body");
  EXPECT_EQ(GateClient::Shown(client->Request(10, "\x81\x21\xDD\xFF\xFF\xFF\xFF")),
            "#20: Invalid MsgPack - packet body");
  EXPECT_EQ(GateClient::Shown(client->Request(10, "\x81\x22\xDB\xFF\xFF\xFF\xFF")),
            "#20: Invalid MsgPack - packet body");
  client->SendBytes(std::string("\x05\xDF\xFF\xFF\xFF\xFF", 6));
  EXPECT_EQ(GateClient::Shown(client->Receive()), "#20: Invalid MsgPack - packet header");
  EXPECT_TRUE(client->IsClosed());
}

TEST_F(GateBadInputTest, DeepNestingIsRefused) {
  auto client = Connect();
  iproto::Raw deep;
  for (int i = 0; i < 1'000'000; ++i) msgpack::AppendArray(deep.bytes, 1);
  msgpack::AppendNil(deep.bytes);
  EXPECT_EQ(client->Call("grpc_publish", "a", "o", Map("h", deep)), "#20: Invalid MsgPack - packet body");
  EXPECT_EQ(client->Call("grpc_get_last_sequence", "a"), "{\"last_sequence\": u64:0}");
}

TEST_F(GateBadInputTest, WrongTypesForEveryArgumentOfEveryFunction) {
  auto client = Connect();
  const std::vector<iproto::Raw> values = {iproto::Raw{std::string("\xC0")},
                                           iproto::Raw{std::string("\xC3")},
                                           iproto::Raw{std::string("\x05")},
                                           iproto::Raw{std::string("\xFF")},
                                           Array(1),
                                           Map("k", 1),
                                           iproto::Raw{std::string("\xA1x")},
                                           iproto::Binary("b"),
                                           iproto::Raw{std::string("\xD4\x01\x02", 3)}};
  for (const char* function : {"grpc_publish",
                               "grpc_get_last_sequence",
                               "grpc_fetch",
                               "grpc_peek",
                               "grpc_ack",
                               "check_new_messages",
                               "get_new_messages_count",
                               "get_subject_message_count",
                               "publish_message",
                               "publish_message_msgpack",
                               "grpc_publish_msgpack",
                               "grpc_fetch_msgpack",
                               "get_message_by_sequence",
                               "get_message_by_sequence_decoded",
                               "get_messages_by_subject",
                               "get_latest_sequence_for_subject",
                               "update_consumer_position",
                               "get_consumer_position",
                               "get_consumers_by_subject",
                               "delete_old_messages"}) {
    EXPECT_NE(client->Call(function), "<closed>") << function;
    for (const auto& a : values) {
      for (const auto& b : values) {
        EXPECT_NE(client->Call(function, a, b, a, b), "<closed>") << function;
        EXPECT_NE(client->Call16(function, b, a, a), "<closed>") << function;
      }
    }
  }
}

TEST_F(GateBadInputTest, AClientThatNeverReadsIsHeldBackAndThenDropped) {
  GateOptions options;
  options.limits.stall_micros = 1'500'000;
  Restart(std::move(options));
  other_ = Connect();
  const auto headers = Map("h", std::string(10'000, 'h'));
  for (int i = 0; i < 100; ++i) other_->Call("grpc_publish", "a", "", headers);
  auto client = Connect();
  const timeval wait{.tv_sec = 0, .tv_usec = 200'000};
  setsockopt(client->fd(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
  const std::string packet = GateClient::Packet(10, 5, GateClient::CallBody("grpc_peek", "a", "c", 100));
  // Each answer has a megabyte: the server stops taking requests long before it holds this many.
  size_t sent = 0;
  while (sent < 2'000'000 && client->SendBytes(packet)) ++sent;
  EXPECT_LT(sent, 2'000'000u);
  EXPECT_NE(other_->Call("grpc_peek", "a", "c", 100), "[]");
  EXPECT_TRUE(WaitForConnections(1));
}

TEST_F(GateBadInputTest, AClientThatStopsWithinAPacketIsDropped) {
  GateOptions options;
  options.limits.stall_micros = 500'000;
  Restart(std::move(options));
  other_ = Connect();
  auto client = Connect();
  client->SendBytes(std::string("\xCE\x00\x00\x10\x00half", 9));
  EXPECT_TRUE(client->IsClosed());
}

TEST_F(GateBadInputTest, WhoeverDoesNotAuthenticateIsNotKept) {
  GateOptions options;
  options.limits.anonymous_idle_micros = 500'000;
  Restart(std::move(options));
  other_ = Connect();
  GateClient client(server_->port());
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(GateBadInputTest, AHalfOpenClientStillGetsItsAnswers) {
  auto client = Connect();
  client->Send(10, GateClient::CallBody("grpc_publish", "a", "", Map()));
  const uint64_t sync = client->Send(10, GateClient::CallBody("grpc_get_last_sequence", "b"));
  shutdown(client->fd(), SHUT_WR);
  EXPECT_EQ(client->Wait(sync).text, "{\"last_sequence\": u64:0}");
  EXPECT_TRUE(client->IsClosed());
  EXPECT_TRUE(WaitForConnections(1));
}

TEST_F(GateBadInputTest, ThereAreAsManyConnectionsAsAllowed) {
  GateOptions options;
  options.max_connections = 2;
  Restart(std::move(options));
  other_ = Connect();
  auto second = Connect();
  GateClient third(server_->port());
  EXPECT_TRUE(third.IsClosed());
  second.reset();
  EXPECT_TRUE(WaitForConnections(1));
  EXPECT_NE(Connect(), nullptr);
}

TEST_F(GateBadInputTest, DamagedRequestsNeverEndTheServer) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  auto client = Connect();
  for (int round = 0; round < 3000; ++round) {
    std::string packet =
        GateClient::Packet(round % 2 == 0 ? 10 : 1, 1,
                           GateClient::CallBody("grpc_publish", "a", "object", Map("k", Array(1, "v"), "n", 7)));
    const size_t damages = 1 + random() % 4;
    for (size_t i = 0; i < damages; ++i) {
      packet[5 + random() % (packet.size() - 5)] = static_cast<char>(random());
    }
    if (client->SendBytes(packet) && client->Receive().text != "<closed>") continue;
    client = Connect();
  }
}

}  // namespace
}  // namespace mts::gate
