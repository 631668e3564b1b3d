#include <fstream>

#include "tests/tarantool/tarantool_fixture.h"

namespace mts::tarantool {
namespace {

using DurabilityTest = TarantoolFixture;

uint64_t SendPublish(GateClient& client, const std::string& subject, const std::string& object_name) {
  return client.Send(10, GateClient::CallBody("grpc_publish", subject, object_name, Map("of", object_name)));
}

TEST_F(DurabilityTest, NoReaderGetsAheadOfTheWriteAheadLog) {
  if (!Start(HeldWal())) return;
  Call("mts.append", Array(Batch(Inline("a", "seen", "first"))));
  Hold();
  const auto writer = Connect();
  const uint64_t publish = SendPublish(*writer, "a", "o");
  const uint64_t append = writer->Send(10, GateClient::CallBody("mts.append", Array(Batch(Inline("b", "x", "id")))));
  const uint64_t advance = writer->Send(10, GateClient::CallBody("mts.advance", "c", "a", 1));
  // One that rests on what is being written, and one that was refused because of it.
  const uint64_t again = writer->Send(10, GateClient::CallBody("mts.append", Array(Batch(Inline("b", "x", "id")))));
  const uint64_t refused = writer->Send(
      10, GateClient::CallBody("mts.append", Array(Batch(Array("b", nullptr, nullptr, 0, 0, Binary("x"))))));
  // The server takes a connection's requests in order: when it answers the ping, it has begun with all before it.
  writer->Wait(writer->Send(64, Map().bytes));
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", "a"), "{\"last_sequence\": u64:1}");
  EXPECT_EQ(client_->Call("grpc_get_last_sequence", "b"), "{\"last_sequence\": u64:0}");
  EXPECT_EQ(client_->Call("grpc_fetch", "b", "c", 10, false), "[]");
  EXPECT_EQ(client_->Call("get_message_by_sequence", 2), "");
  EXPECT_EQ(Call("mts.last", "*"), "[0, 1]");
  EXPECT_EQ(Call("mts.read", "*", 1, 10, 1000, 1000), "[0, 1, false, []]");
  EXPECT_EQ(Call("mts.read_one", "", 3, 0).substr(0, 3), "[5,");
  EXPECT_EQ(Call("mts.count_after", "*", 0), "[0, 1]");
  EXPECT_EQ(Call("mts.subjects", "b", "", 10), "[0, [], false]");
  EXPECT_EQ(Call("mts.position", "c", "a"), "[0, nil]");
  EXPECT_EQ(Call("mts.consumers", "", "", "", 10), "[0, []]");
  EXPECT_EQ(Call("mts.wait", 1, 50), "[0, 1, []]");
  Release();
  EXPECT_EQ(Sorted(GateClient::Shown(writer->Wait(publish))),
            "{\"error_message\": nil, \"sequence\": u64:2, \"status_code\": i64:0}");
  EXPECT_EQ(Shown(writer->Wait(append)), "[0, [[0, 3, 3, []]]]");
  EXPECT_EQ(Shown(writer->Wait(advance)), "[0, 1]");
  EXPECT_EQ(Shown(writer->Wait(again)), "[0, [[0, 0, 0, [0, 3]]]]");
  EXPECT_EQ(Shown(writer->Wait(refused)).substr(0, 8), "[0, [[9,");
  EXPECT_EQ(Call("mts.last", "*"), "[0, 3]");
  EXPECT_EQ(Call("mts.wait", 1, 50), "[0, 3, [\"a\", 2, \"b\", 3]]");
}

TEST_F(DurabilityTest, PipelinedCallsKeepTheirArgumentsOverAYield) {
  if (!Start(HeldWal())) return;
  constexpr int kCalls = 200;
  Hold();
  std::vector<uint64_t> syncs;
  for (int i = 0; i < kCalls; ++i) syncs.push_back(SendPublish(*client_, Concat("s", i % 7), Concat("object-", i)));
  const auto other = Connect();
  other->Wait(other->Send(64, Map().bytes));
  Release();
  for (int i = 0; i < kCalls; ++i) {
    const std::string answer = GateClient::Shown(client_->Wait(syncs[static_cast<size_t>(i)]));
    const size_t at = answer.find("\"sequence\": u64:");
    ASSERT_NE(at, std::string::npos) << answer;
    const uint64_t sequence = std::stoull(answer.substr(at + 16));
    const std::string row = client_->Call("get_message_by_sequence", sequence);
    EXPECT_EQ(
        row.find(Concat("[u64:", sequence, ", {\"of\": \"object-", i, "\"}, \"object-", i, "\", \"s", i % 7, "\"")), 0u)
        << row;
  }
}

TEST_F(DurabilityTest, AFullDiskRefusesAndGoesOnWhenThereIsRoom) {
  if (!Start(HeldWal())) return;
  Call("mts.append", Array(Batch(Inline("a", "1"))));
  Hold();
  const auto writer = Connect();
  const uint64_t first = SendPublish(*writer, "a", "o1");
  const uint64_t second = writer->Send(10, GateClient::CallBody("mts.append", Array(Batch(Inline("a", "x", "id")))));
  const uint64_t duplicate = writer->Send(10, GateClient::CallBody("mts.append", Array(Batch(Inline("a", "x", "id")))));
  const uint64_t position = writer->Send(10, GateClient::CallBody("mts.advance", "c", "a", 1));
  writer->Wait(writer->Send(64, Map().bytes));
  FillDisk();
  Release();
  const std::string refused = GateClient::Shown(writer->Wait(first));
  EXPECT_NE(refused.find("\"status_code\": i64:8"), std::string::npos) << refused;
  EXPECT_EQ(Shown(writer->Wait(second)).substr(0, 8), "[0, [[8,");
  EXPECT_EQ(Shown(writer->Wait(duplicate)).substr(0, 9), "[0, [[14,");
  EXPECT_EQ(Shown(writer->Wait(position)).substr(0, 3), "[8,");
  EXPECT_EQ(Call("mts.last", "a"), "[0, 1]");
  EXPECT_EQ(Call("mts.position", "c", "a"), "[0, nil]");
  EmptyDisk();
  const std::string stored = Call("mts.append", Array(Batch(Inline("a", "x", "id"))));
  EXPECT_EQ(stored.substr(0, 7), "[0, [[0") << stored;
  EXPECT_EQ(Call("mts.count_after", "a", 0), "[0, 2]");
  EXPECT_EQ(Call("mts.info").substr(0, 3), "[0,");
  const std::string last = Call("mts.last", "a");
  Restart();
  EXPECT_EQ(Call("mts.last", "a"), last);
  EXPECT_EQ(Call("mts.count_after", "a", 0), "[0, 2]");
}

TEST_F(DurabilityTest, AKillLosesNothingThatWasAnswered) {
  if (!Start()) return;
  for (int i = 0; i < 20; ++i) Call("mts.append", Array(Batch(Inline("a", Concat(i)), Inline("b", "x"))));
  Call("mts.append", Array(Batch(Inline("a", "with id", "id"))));
  EXPECT_EQ(Call("mts.advance", "c", "a", 7), "[0, 7]");
  EXPECT_EQ(Call("mts.expire", 0, 0, 11, 100).substr(0, 13), "[0, false, 30");
  const std::string rows = Call("mts.read", "*", 0, 100, 1'000'000, 1'000'000);
  Restart();
  EXPECT_EQ(Call("mts.read", "*", 0, 100, 1'000'000, 1'000'000), rows);
  EXPECT_EQ(Call("mts.position", "c", "a"), "[0, 7]");
  EXPECT_EQ(Call("mts.last", "b"), "[0, 40]");
  EXPECT_EQ(Call("mts.append", Array(Batch(Inline("a", "with id", "id")))), "[0, [[0, 0, 0, [0, 41]]]]");
  EXPECT_EQ(Call("mts.append", Array(Batch(Inline("a", "new")))), "[0, [[0, 42, 42, []]]]");
}

TEST_F(DurabilityTest, FullMemoryRefusesAndGoesOnWhenThereIsRoom) {
  if (!Start({"MTS_MEMTX_MEMORY=64M"})) return;
  const std::string payload(200'000, 'x');
  std::string answer;
  int stored = 0;
  for (; stored < 1000; ++stored) {
    answer = Call("mts.append", Array(Batch(Inline("a", payload))));
    if (!answer.starts_with("[0, [[0, ")) break;
  }
  EXPECT_EQ(answer.substr(0, 8), "[0, [[8,") << stored << " stored";
  EXPECT_GT(stored, 50);
  EXPECT_EQ(Call("mts.advance", "c", "a", 1), "[0, 1]");
  EXPECT_EQ(Call("mts.count_after", "a", 0), Concat("[0, ", stored, "]"));
  const std::string refused = client_->Call("grpc_publish_msgpack", "a", Binary(payload), Map());
  EXPECT_NE(refused.find("\"status_code\": i64:8"), std::string::npos) << refused;
  EXPECT_EQ(Call("mts.expire", 0, 0, 10, 1000).substr(0, 11), "[0, false, ");
  for (int i = 0; i < 100 && !answer.starts_with("[0, [[0, "); ++i) {  // memory is looked at ten times a second
    Call("mts.wait", 1'000'000, 50);
    answer = Call("mts.append", Array(Batch(Inline("a", payload))));
  }
  EXPECT_EQ(answer.substr(0, 8), "[0, [[0,");
}

}  // namespace
}  // namespace mts::tarantool
