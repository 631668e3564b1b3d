#include "gate/gate_fixture.h"

namespace mts::gate {
namespace {

using iproto::Array;
using iproto::Map;

constexpr uint64_t kEq = 0, kReq = 1, kAll = 2, kLt = 3, kLe = 4, kGe = 5, kGt = 6;

class GateSelectTest : public GateFixture {
 protected:
  void SetUp() override {
    GateFixture::SetUp();
    client_ = Connect();
  }
  void Publish(const char* subject) { client_->Call("grpc_publish", subject, "", Map()); }

  // The first numbers of the rows.
  std::string Sequences(uint64_t index, uint64_t iterator, const iproto::Raw& key, uint64_t limit = 100,
                        uint64_t offset = 0) {
    std::string rows = client_->Select(512, index, iterator, key, limit, offset);
    if (!rows.empty() && rows[0] == '#') return rows;
    std::string numbers;
    for (size_t at = rows.find("[u64:"); at != std::string::npos; at = rows.find("[u64:", at + 1)) {
      numbers += (numbers.empty() ? "" : " ") + rows.substr(at + 5, rows.find(',', at) - at - 5);
    }
    return numbers;
  }

  std::unique_ptr<GateClient> client_;
};

TEST_F(GateSelectTest, ARowIsTheTuple) {
  client_->Call("grpc_publish", "a", "name", Map("k", 1));
  EXPECT_EQ(client_->Select(512, 0, kEq, Array(1)), "[u64:1, {\"k\": 1}, \"name\", \"a\", u64:1700000000]");
  EXPECT_EQ(client_->Select(512, 0, kEq, Array(2)), "");
}

TEST_F(GateSelectTest, BySequenceInAllDirections) {
  for (int i = 0; i < 5; ++i) Publish("a");
  EXPECT_EQ(Sequences(0, kAll, Array()), "1 2 3 4 5");
  EXPECT_EQ(Sequences(0, kEq, Array()), "1 2 3 4 5");
  EXPECT_EQ(Sequences(0, kGe, Array(3)), "3 4 5");
  EXPECT_EQ(Sequences(0, kGt, Array(3)), "4 5");
  EXPECT_EQ(Sequences(0, kLe, Array(3)), "3 2 1");
  EXPECT_EQ(Sequences(0, kLt, Array(3)), "2 1");
  EXPECT_EQ(Sequences(0, kLt, Array()), "5 4 3 2 1");
  EXPECT_EQ(Sequences(0, kReq, Array(3)), "3");
  EXPECT_EQ(Sequences(0, kLe, Array(UINT64_MAX), 2, 1), "4 3");
  EXPECT_EQ(Sequences(0, kGe, Array(0)), "1 2 3 4 5");
  EXPECT_EQ(Sequences(0, kLt, Array(0)), "");
  EXPECT_EQ(Sequences(0, kGt, Array(UINT64_MAX)), "");
  EXPECT_EQ(Sequences(0, kAll, Array(), 2, 2), "3 4");
  EXPECT_EQ(Sequences(0, kAll, Array(), 0), "");
}

TEST_F(GateSelectTest, BackwardsOverManyMessagesOfOthers) {
  Publish("rare");
  for (int i = 0; i < 5000; ++i) client_->Send(10, GateClient::CallBody("grpc_publish", "often", "", Map()));
  client_->Call("grpc_get_last_sequence", "often");
  while (client_->Call("grpc_get_last_sequence", "often") != "{\"last_sequence\": u64:5001}") {
  }
  Publish("rare");
  EXPECT_EQ(Sequences(1, kReq, Array("rare")), "5002 1");
  EXPECT_EQ(Sequences(0, kLe, Array(4000), 3, 2500), "1500 1499 1498");
}

TEST_F(GateSelectTest, BySubject) {
  for (const char* subject : {"b", "a", "c", "a", "b"}) Publish(subject);
  EXPECT_EQ(Sequences(1, kEq, Array("a")), "2 4");
  EXPECT_EQ(Sequences(1, kReq, Array("a")), "4 2");
  EXPECT_EQ(Sequences(1, kReq, Array("a"), 1), "4");
  EXPECT_EQ(Sequences(1, kEq, Array("unknown")), "");
  EXPECT_EQ(Sequences(1, kEq, Array("")), "");
  EXPECT_EQ(Sequences(1, kAll, Array()), "2 4 1 5 3");
  EXPECT_EQ(Sequences(1, kGe, Array("b")), "1 5 3");
  EXPECT_EQ(Sequences(1, kGt, Array("b")), "3");
  EXPECT_EQ(Sequences(1, kGt, Array("")), "2 4 1 5 3");
  EXPECT_EQ(Sequences(2, kEq, Array("b", 5)), "5");
  EXPECT_EQ(Sequences(2, kEq, Array("b", 4)), "");
  EXPECT_EQ(Sequences(2, kGe, Array("a", 3)), "4 1 5 3");
  EXPECT_EQ(Sequences(2, kGt, Array("a", 4)), "1 5 3");
  EXPECT_EQ(Sequences(2, kGe, Array("b"), 2, 1), "5 3");
  EXPECT_EQ(Sequences(2, kLe, Array("b")),
            "#5: Index 'subject_sequence' (TREE) of space 'message' does not support requested iterator type");
}

TEST_F(GateSelectTest, ByTime) {
  Publish("a");
  clock_.Advance(1'000'000);
  Publish("a");
  Publish("a");
  clock_.Advance(1'000'000);
  Publish("a");
  EXPECT_EQ(Sequences(3, kEq, Array(1'700'000'001)), "2 3");
  EXPECT_EQ(Sequences(3, kGe, Array(1'700'000'001)), "2 3 4");
  EXPECT_EQ(Sequences(3, kGt, Array(1'700'000'001)), "4");
  EXPECT_EQ(Sequences(3, kLe, Array(1'700'000'001)), "3 2 1");
  EXPECT_EQ(Sequences(3, kLt, Array(1'700'000'001)), "1");
  EXPECT_EQ(Sequences(3, kGt, Array(UINT64_MAX)), "");
}

TEST_F(GateSelectTest, Consumers) {
  for (const char* subject : {"x", "y"}) Publish(subject);
  client_->Call("grpc_ack", "d1", "x", 1);
  client_->Call("grpc_ack", "d2", "x", 1);
  client_->Call("grpc_ack", "d1", "y", 2);
  EXPECT_EQ(client_->Select(513, 0, kEq, Array("d1", "y")), "[\"d1\", \"y\", u64:2]");
  EXPECT_EQ(client_->Select(513, 0, kEq, Array("d3", "y")), "");
  EXPECT_EQ(client_->Select(513, 0, kEq, Array("d1")), "[\"d1\", \"x\", u64:1], [\"d1\", \"y\", u64:2]");
  EXPECT_EQ(client_->Select(513, 0, kReq, Array("d1"), 1), "[\"d1\", \"y\", u64:2]");
  EXPECT_EQ(client_->Select(513, 0, kAll, Array()),
            "[\"d1\", \"x\", u64:1], [\"d1\", \"y\", u64:2], [\"d2\", \"x\", u64:1]");
  EXPECT_EQ(client_->Select(513, 0, kLt, Array("d2")), "[\"d1\", \"y\", u64:2], [\"d1\", \"x\", u64:1]");
  EXPECT_EQ(client_->Select(513, 1, kEq, Array("x")), "[\"d1\", \"x\", u64:1], [\"d2\", \"x\", u64:1]");
  EXPECT_EQ(client_->Select(513, 1, kGt, Array("x")), "[\"d1\", \"y\", u64:2]");
  EXPECT_EQ(client_->Select(513, 0, kAll, Array(), 1, 1), "[\"d1\", \"y\", u64:2]");
}

TEST_F(GateSelectTest, TheViewsTellOfTheTables) {
  EXPECT_EQ(client_->Select(281, 2, kEq, Array("consumers")),
            "[513, 1, \"consumers\", \"memtx\", 0, {}, [{\"name\": \"durable_name\", \"type\": \"string\"}, "
            "{\"name\": \"subject\", \"type\": \"string\"}, {\"name\": \"last_sequence\", \"type\": \"unsigned\"}]]");
  EXPECT_EQ(client_->Select(289, 0, kEq, Array(512)),
            "[512, 0, \"primary\", \"tree\", {\"unique\": true}, [[0, \"unsigned\"]]], "
            "[512, 1, \"subject\", \"tree\", {\"unique\": false}, [[3, \"string\"]]], "
            "[512, 2, \"subject_sequence\", \"tree\", {\"unique\": true}, [[3, \"string\"], [0, \"unsigned\"]]], "
            "[512, 3, \"create_at\", \"tree\", {\"unique\": false}, [[4, \"unsigned\"]]]");
  EXPECT_EQ(client_->Select(289, 2, kEq, Array(513, "subject")),
            "[513, 1, \"subject\", \"tree\", {\"unique\": false}, [[1, \"string\"]]]");
}

TEST_F(GateSelectTest, WrongSelectsSayWhatIsWrong) {
  EXPECT_EQ(client_->Select(999, 0, kEq, Array()), "#36: Space '#999' does not exist");
  EXPECT_EQ(client_->Select(512, 9, kEq, Array()), "#35: No index #9 is defined in space 'message'");
  EXPECT_EQ(client_->Select(512, 0, kEq, Array("1")),
            "#18: Supplied key type of part 0 does not match index part type: expected unsigned");
  EXPECT_EQ(client_->Select(512, 0, kEq, Array(1, 2)), "#31: Invalid key part count (expected [0..1], got 2)");
  EXPECT_EQ(client_->Select(512, 0, 99, Array(1)), "#1: Invalid iterator type");
  EXPECT_EQ(client_->Select(512, 0, 7, Array(1)),
            "#5: Index 'primary' (TREE) of space 'message' does not support requested iterator type");
  EXPECT_EQ(GateClient::Shown(client_->Request(1, Map(0x20, Array()).bytes)),
            "#69: Missing mandatory field 'space id' in request");
}

TEST_F(GateSelectTest, AnAnswerThatIsTooLongIsRefused) {
  const auto headers = Map("h", std::string(60'000, 'h'));
  for (int i = 0; i < 100; ++i) client_->Call("grpc_publish", "a", "", headers);
  EXPECT_EQ(client_->Select(512, 0, kAll, Array()), "#2: the answer is too long: select with a limit");
  EXPECT_EQ(Sequences(0, kAll, Array(), 2), "1 2");
}

}  // namespace
}  // namespace mts::gate
