#include "tests/tarantool/tarantool_fixture.h"

namespace mts::tarantool {
namespace {

class FunctionsTest : public TarantoolFixture {
 protected:
  void SetUp() override { started_ = Start(); }

  // The text of error 32; Tarantool adds a stack of errors to it.
  template <typename... Arguments>
  std::string WrongType(std::string_view function, const Arguments&... arguments) {
    const std::string answer = client_->Call(function, arguments...);
    const size_t begin = answer.find('"') + 1;
    return answer.starts_with("#32: ") ? answer.substr(begin, answer.find('"', begin) - begin) : answer;
  }

  bool started_ = false;
};

TEST_F(FunctionsTest, ARowThatWeWroteIsFoundByItsKey) {
  if (!started_) return;
  std::string messages;
  msgpack::AppendArray(messages, 70'000 / 100);
  for (int i = 0; i < 700; ++i) messages += Inline("s", "x").bytes;
  for (int call = 0; call < 94; ++call) Call("mts.append", Array(Array(0, Raw{messages})));
  // At the edges of msgpack's forms of integers.
  for (const uint64_t sequence : {1, 127, 128, 255, 256, 65535, 65536, 65800}) {
    const std::string row = client_->Select(kMessageSpace, 0, 0, Array(sequence));
    EXPECT_EQ(row.find(Concat("[", sequence, ", {}, \"\", \"s\", ")), 0u) << row;
    const std::string read = Call("mts.read_one", "s", sequence, 10);
    EXPECT_EQ(read.find(Concat("[0, [", sequence, ", {}, \"\", \"s\", ")), 0u) << read;
  }
}

TEST_F(FunctionsTest, BatchesOfOneCallAreStoredOrRefusedEachByItself) {
  if (!started_) return;
  const Raw wrong = Array("no good", nullptr, nullptr, nullptr, 0, Binary("x"));
  const Raw expects_7 = Array("a", nullptr, nullptr, 7, 0, Binary("x"));
  EXPECT_EQ(Call("mts.append", Array(Batch(Inline("a", "1"), Inline("b", "2", "id")), Batch(Inline("a", "x"), wrong),
                                     Batch(expects_7), Batch(Inline("b", "2", "id"), Inline("b", "3", "id2")),
                                     Batch(Inline("b", "2", "id")))),
            "[0, [[0, 1, 2, []], [3, \"subject must not contain spaces\", 1], [9, \"the last sequence of a is 1, not "
            "7\", 0], "
            "[0, 3, 3, [0, 2]], [0, 0, 0, [0, 2]]]]");
  EXPECT_EQ(Call("mts.last", "*"), "[0, 3]");
  EXPECT_EQ(Call("mts.last", "a"), "[0, 1]");
  EXPECT_EQ(Call("mts.count_after", "b", 0), "[0, 2]");
}

TEST_F(FunctionsTest, ACallThatIsAskedAgainStoresNothingTwice) {
  if (!started_) return;
  const std::string caller(16, '\xFE');
  const auto append = [&](uint64_t call) { return Call("mts.append", Array(Batch(Inline("a", "1"))), caller, call); };
  EXPECT_EQ(append(1), "[0, [[0, 1, 1, []]]]");
  EXPECT_EQ(append(2), "[0, [[0, 2, 2, []]]]");
  EXPECT_EQ(append(1), "[0, [[0, 1, 1, []]]]");
  Restart();
  EXPECT_EQ(append(2), "[0, [[0, 2, 2, []]]]");
  EXPECT_EQ(append(65), "[0, [[0, 3, 3, []]]]");
  EXPECT_EQ(append(1).substr(0, 3), "[9,");
  EXPECT_EQ(Call("mts.last", "a"), "[0, 3]");
}

TEST_F(FunctionsTest, ReadingIsBoundedAndSaysWhereItEnded) {
  if (!started_) return;
  for (int i = 0; i < 3; ++i) Call("mts.append", Array(Batch(Inline("a", "12345"), Inline("b", "12345"))));
  EXPECT_EQ(Call("mts.read", "c", 0, 10, 1000, 1000), "[0, 6, false, []]");
  const std::string two = Call("mts.read", "a", 0, 2, 1000, 1000);
  EXPECT_EQ(two.substr(0, 16), "[0, 3, true, [[1") << two;
  const std::string one = Call("mts.read", "*", 1, 10, 6, 1000);
  EXPECT_EQ(one.substr(0, 16), "[0, 2, true, [[2") << one;
  const std::string left_out = Call("mts.read", "a", 3, 10, 1000, 4);
  EXPECT_EQ(left_out.substr(0, 17), "[0, 6, false, [[5") << left_out;
  EXPECT_NE(left_out.find(", nil, "), std::string::npos) << left_out;
  EXPECT_EQ(left_out.substr(left_out.size() - 15), ", 5, 0, 0, 0]]]") << left_out;
}

TEST_F(FunctionsTest, NewsNameTheSubjectsThatGotMessages) {
  if (!started_) return;
  EXPECT_EQ(Call("mts.wait", nullptr, 1000), "[0, 0, []]");
  EXPECT_EQ(Call("mts.wait", 0, 1), "[0, 0, []]");
  const auto waiting = Connect();
  const uint64_t sync = waiting->Send(10, GateClient::CallBody("mts.wait", 0, 30'000));
  Call("mts.append", Array(Batch(Inline("a", "1"), Inline("b", "2"), Inline("a", "3"))));
  EXPECT_EQ(Shown(waiting->Wait(sync)), "[0, 3, [\"a\", 3, \"b\", 2]]");
  EXPECT_EQ(Call("mts.wait", 1, 1000), "[0, 3, [\"a\", 3, \"b\", 2]]");
}

TEST_F(FunctionsTest, PositionsAreMonotonicAndEndAtTheLastMessage) {
  if (!started_) return;
  Call("mts.append", Array(Batch(Inline("a", "1"), Inline("a.b", "2"), Inline("a", "3"))));
  EXPECT_EQ(Call("mts.position", "c", "a"), "[0, nil]");
  EXPECT_EQ(Call("mts.advance", "c", "a", 2), "[0, 2]");
  EXPECT_EQ(Call("mts.advance", "c", "a", 1), "[0, 2]");
  EXPECT_EQ(Call("mts.advance", "c", "a", 4).substr(0, 4), "[11,");
  EXPECT_EQ(Call("mts.reset", "c", "a", 1), "[0, 1]");
  EXPECT_EQ(Call("mts.advance", "d", "a.*", 3), "[0, 3]");
  EXPECT_EQ(Call("mts.advance", "e", "a", 0), "[0, 0]");
  const std::string page = Call("mts.consumers", "", "a", "c", 10);
  EXPECT_EQ(page.find("[0, [[\"e\", \"a\", 0, "), 0u) << page;
  EXPECT_NE(page.find("[\"d\", \"a.*\", 3, "), std::string::npos) << page;
  EXPECT_EQ(Call("mts.delete_consumer", "c", "a"), "[0, true]");
  EXPECT_EQ(Call("mts.delete_consumer", "c", "a"), "[0, false]");
  EXPECT_EQ(Call("mts.advance", "", "a", 1).substr(0, 3), "[3,");
}

TEST_F(FunctionsTest, SubjectsOutliveTheirMessages) {
  if (!started_) return;
  Call("mts.append", Array(Batch(Inline("a", "12"), Inline("b", "345"), Inline("a.x", "6"))));
  EXPECT_EQ(Call("mts.expire", 0, 0, 1, 10).substr(0, 12), "[0, false, 2");
  Restart();
  EXPECT_EQ(Call("mts.last", "b"), "[0, 2]");
  EXPECT_EQ(Call("mts.last", "a.*"), "[0, 3]");
  const std::string states = Call("mts.subjects", "*", "", 10);
  EXPECT_NE(states.find("[\"b\", 0, 2, 0, 0, 0, "), std::string::npos) << states;
  EXPECT_NE(states.find("[\"a.x\", 3, 3, 1, 1, "), std::string::npos) << states;
  EXPECT_EQ(Call("mts.subjects", "a.*", "a", 1).find("[0, [[\"a.x\", "), 0u);
  EXPECT_EQ(Call("mts.info"), "[0, 3, 1, 1, \"commit\"]");
  Call("mts.expire", 0, 0, 0, 10);
  EXPECT_EQ(Call("mts.info"), "[0, 3, 1, 1, \"commit\"]");
  // Also when everything is gone: no number comes again.
  EXPECT_EQ(Call("mts.append", Array(Batch(Inline("b", "7")))), "[0, [[0, 4, 4, []]]]");
}

TEST_F(FunctionsTest, RemovalNamesTheObjectsThatNobodyNamesAnyMore) {
  if (!started_) return;
  Call("mts.append", Array(Batch(Stored("a", "pack/1", 0), Stored("a", "pack/1", 10), Stored("b", "pack/2", 0),
                                 Stored("b", "pack/1", 20), Inline("c", "x"))));
  EXPECT_EQ(Call("mts.named", Array("pack/1", "pack/2", "pack/3")), "[0, [true, true, false]]");
  EXPECT_EQ(Call("mts.expire", 0, 0, 2, 2), "[0, true, 2, []]");
  EXPECT_EQ(Call("mts.expire", 0, 0, 2, 10), "[0, false, 1, [1, \"pack/2\"]]");
  EXPECT_EQ(Call("mts.expire", 0, 0, 1, 10), "[0, false, 1, [1, \"pack/1\"]]");
  EXPECT_EQ(Call("mts.named", Array("pack/1", "pack/2")), "[0, [false, false]]");
}

TEST_F(FunctionsTest, LiveBytesAreThoseOfTheRowsThatAreLeft) {
  if (!started_) return;
  const Raw named = Array("a", Map(), nullptr, nullptr, 2, "pack/3");
  Call("mts.append", Array(Batch(Stored("a", "pack/1", 0), Stored("a", "pack/1", 10), Stored("b", "pack/2", 0),
                                 Stored("b", "pack/1", 20), named)));
  EXPECT_EQ(Call("mts.live_bytes", Array("pack/1", 1000, "pack/2", 1000, "pack/3", 1000, "pack/4", 1000)),
            "[0, [30, 10, 1000, 0]]")
      << "an object that a client named must stay";
  EXPECT_EQ(Call("mts.live_bytes", Array("pack/1", 15, "pack/1", 0)), "[0, [15, 0]]");
  EXPECT_EQ(Call("mts.payloads_of", "pack/1", 0, 2), "[0, [1, 0, 10, 77, 2, 10, 10, 77]]");
  EXPECT_EQ(Call("mts.payloads_of", "pack/1", 2, 2), "[0, [4, 20, 10, 77]]");
  EXPECT_EQ(Call("mts.payloads_of", "pack/3", 0, 2), "[0, []]");
  EXPECT_EQ(Call("mts.expire", 0, 0, 4, 1).substr(0, 12), "[0, false, 1");
  EXPECT_EQ(Call("mts.live_bytes", Array("pack/1", 1000)), "[0, [20]]");
}

// A call ends with the object at which it has looked at ten thousand rows.
TEST_F(FunctionsTest, CountingEndsWhereItGetsLong) {
  if (!started_) return;
  std::string messages;
  msgpack::AppendArray(messages, 10'000);
  for (int i = 0; i < 10'000; ++i) messages += Stored("a", "pack/1", 10).bytes;
  ASSERT_EQ(Call("mts.append", Array(Array(0, Raw{messages}))), "[0, [[0, 1, 10000, []]]]");
  EXPECT_EQ(Call("mts.live_bytes", Array("pack/1", 99'000, "pack/2", 1)), "[0, [99000, 0]]");
  EXPECT_EQ(Call("mts.live_bytes", Array("pack/1", 100'000, "pack/2", 1)), "[0, [100000]]");
}

TEST_F(FunctionsTest, AMoveChangesThePlaceOfThePayloadAndNothingElse) {
  if (!started_) return;
  Call("mts.append", Array(Batch(Stored("a", "pack/1", 0), Stored("a", "pack/1", 10), Stored("b", "pack/2", 0))));
  const std::string before = Call("mts.read_one", "a", 2, 100);
  EXPECT_EQ(Call("mts.expire", 0, 0, 2, 1).substr(0, 12), "[0, false, 1");
  const auto move = [](uint64_t sequence, const char* from, uint64_t offset, uint64_t size) {
    return Array(sequence, from, offset, size, "pack/new", 70'000);
  };
  // Gone, never there, another object, another place, another size: none of them comes to be or changes.
  EXPECT_EQ(
      Call("mts.move_payloads", Array(move(1, "pack/1", 0, 10), move(99, "pack/1", 0, 10), move(3, "pack/1", 0, 10),
                                      move(2, "pack/1", 0, 10), move(2, "pack/1", 10, 11))),
      "[0, 0]");
  EXPECT_EQ(Call("mts.read_one", "a", 2, 100), before);
  EXPECT_EQ(Call("mts.move_payloads", Array(move(1, "pack/1", 0, 10), move(2, "pack/1", 10, 10))), "[0, 1]");
  EXPECT_EQ(Call("mts.move_payloads", Array(move(2, "pack/1", 10, 10))), "[0, 0]") << "asked again";
  Restart();
  std::string expected = before;
  expected.replace(expected.find("pack/1"), 6, "pack/new");
  expected.replace(expected.find(", 10, 77]"), 9, ", 70000, 77]");
  EXPECT_EQ(Call("mts.read_one", "a", 2, 100), expected);
  EXPECT_EQ(Call("mts.read_one", "", 1, 100).substr(0, 3), "[5,");
  EXPECT_EQ(Call("mts.named", Array("pack/1", "pack/2", "pack/new")), "[0, [false, true, true]]");
  EXPECT_EQ(Call("mts.expire", 0, 0, 1, 10), "[0, false, 1, [1, \"pack/new\"]]");
  EXPECT_EQ(Call("mts.info"), "[0, 3, 1, 10, \"commit\"]");
}

TEST_F(FunctionsTest, WrongArgumentsAreRefusedAndNobodySuffers) {
  if (!started_) return;
  EXPECT_EQ(WrongType("mts.append"), "value 1 must be an array");
  EXPECT_EQ(Call("mts.append", Array(5)).substr(0, 3), "[3,");
  EXPECT_EQ(Call("mts.append", Array(Array(0, Array(Array(5))))),
            "[3, \"batch 0: message 0: value 1 must be a string\", false]");
  EXPECT_EQ(Call("mts.append", Array(Array(0, Array(Array("a", nullptr, nullptr, nullptr, 9)))))
                .find("[3, \"batch 0: message 0: there is no kind 9"),
            0u);
  EXPECT_EQ(WrongType("mts.read", "a", "b", 1, 1, 1), "value 2 must be an unsigned number");
  EXPECT_EQ(Call("mts.read", "a b", 0, 1, 1, 1).substr(0, 3), "[3,");
  EXPECT_EQ(Call("mts.read_one", "a", 1, 1), "[5, \"there is no such message\", false]");
  EXPECT_EQ(WrongType("mts.wait"), "value 2 must be an unsigned number");
  EXPECT_EQ(WrongType("mts.move_payloads", 5), "value 1 must be an array");
  EXPECT_EQ(Call("mts.move_payloads", Array(Array(1, "a", 0, 10, "b"))),
            "[3, \"move 0: value 6 must be an unsigned number\", false]");
  EXPECT_EQ(Call("mts.move_payloads", Array(Array(1, "a", 0, 10, "", 0))),
            "[3, \"an object's name cannot be empty\", false]");
  EXPECT_EQ(Call("mts.live_bytes", Array("a")), "[3, \"value 2 must be an unsigned number\", false]");
  EXPECT_EQ(Call("mts.append", Array(Batch(Inline("a", std::string(1024 * 1024 + 1, 'x'))))).substr(0, 8), "[0, [[3,");
  EXPECT_EQ(Call("mts.append", Array(Batch(Inline("a", std::string(1024 * 1024, 'x'))))), "[0, [[0, 1, 1, []]]]");
}

TEST_F(FunctionsTest, TheUserMayCallAndReadNothingElse) {
  if (!started_) return;
  EXPECT_EQ(client_->Request(8, Map(0x27, "return 1", 0x21, Array()).bytes).error, 42u);
  EXPECT_EQ(client_->Request(2, Map(0x10, kMessageSpace, 0x21, Array(1, Map(), "", "s", 1)).bytes).error, 42u);
  EXPECT_EQ(client_->Request(5, Map(0x10, kMessageSpace, 0x11, 0, 0x20, Array(1)).bytes).error, 42u);
  EXPECT_EQ(Call("box.schema.user.passwd", "minitoolstream", "x").substr(0, 4), "#42:");
  EXPECT_EQ(Call("mts.start", "uuid", "none").substr(0, 4), "#42:");
  EXPECT_NE(client_->Request(1, Map(0x10, 304, 0x11, 0, 0x12, 1, 0x13, 0, 0x14, 2, 0x20, Array()).bytes).error, 0u);
}

}  // namespace
}  // namespace mts::tarantool
