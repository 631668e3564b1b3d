#include <cstdlib>

#include "tests/tarantool/tarantool_fixture.h"

namespace mts::tarantool {
namespace {

// Two instances that write synchronously. The order of starting and what the settings mean is mts/replica_set.lua's.
class QuorumTest : public TarantoolFixture {
 protected:
  bool StartBoth() {
    if (::access("/usr/bin/tarantool", X_OK) != 0) return false;
    const std::vector<uint16_t> ports = testing::FreePorts(2);
    for (size_t i = 0; i < 2; ++i) {
      std::vector<std::string> settings = {
          Concat("MTS_LISTEN=127.0.0.1:", ports[i]),
          Concat("MTS_REPLICATION=127.0.0.1:", ports[0], ",127.0.0.1:", ports[1]),
          Concat("MTS_WORK_DIR=", wal_.path(), "/", i),
          Concat("MTS_BOOTSTRAP=", i == 0 ? "true" : "false"),
          "MTS_REPLICATION_PASSWORD=secret",
          std::string("MTS_PASSWORD=") + testing::TarantoolServer::kPassword,
          Concat("MTS_CONSOLE_SOCKET=", wal_.path(), "/", i, ".sock"),
          std::string("MTS_MODULE_DIR=") + MTS_MODULE_FOLDER,
          "MTS_MEMTX_MEMORY=64M",
          "TMPDIR=" + wal_.path(),
      };
      instances_.push_back(std::make_unique<testing::Program>(
          std::vector<std::string>{"/usr/bin/tarantool", MTS_SCRIPTS_FOLDER "/init.lua"}, std::move(settings),
          Concat(wal_.path(), "/", i, ".log")));
      instances_.back()->Start();
    }
    port_ = ports[0];
    other_port_ = ports[1];
    return true;
  }

  std::unique_ptr<GateClient> Writer() { return Client(port_); }

  static std::unique_ptr<GateClient> Client(uint16_t port) {
    auto client = std::make_unique<GateClient>(port);
    return client->Authenticate(testing::TarantoolServer::kUser, testing::TarantoolServer::kPassword)
               ? std::move(client)
               : nullptr;
  }

  // Nothing is written before: Tarantool 2.6 lets no instance join while a write waits for its quorum.
  bool WaitUntilBothAnswer() { return Answers(port_, "[0, 1, true, ") && Answers(other_port_, "[0, 1, false, "); }
  static bool Answers(uint16_t port, std::string_view hello) {
    for (int i = 0; i < 600; ++i) {
      auto client = testing::Listens(port) ? Client(port) : nullptr;
      if (client != nullptr && Call(*client, "mts.hello").starts_with(hello)) return true;
      ::usleep(50'000);
    }
    return false;
  }

  // As the checkpoints that Tarantool makes each hour.
  bool MakeSnapshot(size_t instance) const {
    const std::string command =
        Concat("/usr/bin/tarantool -e \"c = require('net.box').connect('unix/:", wal_.path(), "/", instance,
               ".sock', {console = true}) os.exit(c:eval('box.snapshot()'):find('ok') and 0 or 1)\" >/dev/null 2>&1");
    return std::system(command.c_str()) == 0;
  }

  std::vector<std::unique_ptr<testing::Program>> instances_;
  uint16_t port_ = 0;
  uint16_t other_port_ = 0;
};

TEST_F(QuorumTest, NoReaderGetsAheadOfTheQuorum) {
  if (!StartBoth()) GTEST_SKIP() << "Tarantool is not installed: apt-get install tarantool";
  ASSERT_TRUE(WaitUntilBothAnswer()) << instances_[0]->Log() << instances_[1]->Log();
  const auto reader = Writer();
  const auto writer = Writer();
  ASSERT_EQ(Call(*writer, "mts.append", Array(Batch(Inline("a", "1")))), "[0, [[0, 1, 1, []]]]")
      << instances_[0]->Log() << instances_[1]->Log();
  ASSERT_EQ(Call(*writer, "mts.last", "a"), "[0, 1]");
  instances_[1]->Pause();
  const uint64_t append = writer->Send(10, GateClient::CallBody("mts.append", Array(Batch(Inline("a", "2")))));
  const uint64_t advance = writer->Send(10, GateClient::CallBody("mts.advance", "c", "a", 1));
  // Long enough for the leader's own write.
  EXPECT_EQ(Call(*reader, "mts.wait", 1, 500), "[0, 1, []]");
  EXPECT_EQ(Call(*reader, "mts.last", "a"), "[0, 1]");
  EXPECT_EQ(Call(*reader, "mts.read", "*", 1, 10, 100, 100), "[0, 1, false, []]");
  EXPECT_EQ(Call(*reader, "mts.position", "c", "a"), "[0, nil]");
  instances_[1]->Resume();
  EXPECT_EQ(Shown(writer->Wait(append)), "[0, [[0, 2, 2, []]]]");
  EXPECT_EQ(Shown(writer->Wait(advance)), "[0, 1]");
  EXPECT_EQ(Call(*reader, "mts.last", "a"), "[0, 2]");
  EXPECT_EQ(Call(*reader, "mts.position", "c", "a"), "[0, 1]");
}

// Tarantool 2.6 never comes to the end of a snapshot with rows of a synchronous space.
TEST_F(QuorumTest, AnInstanceStartsFromASnapshotWithMessages) {
  if (!StartBoth()) GTEST_SKIP() << "Tarantool is not installed: apt-get install tarantool";
  ASSERT_TRUE(WaitUntilBothAnswer()) << instances_[0]->Log() << instances_[1]->Log();
  ASSERT_EQ(Call(*Writer(), "mts.append", Array(Batch(Inline("a", "1")))), "[0, [[0, 1, 1, []]]]");
  ASSERT_EQ(Call(*Writer(), "mts.advance", "c", "a", 1), "[0, 1]");
  ASSERT_TRUE(MakeSnapshot(0)) << instances_[0]->Log();
  instances_[0]->Kill();
  instances_[0]->Start();
  EXPECT_TRUE(Answers(port_, "[0, 1, false, ")) << instances_[0]->Log();
}

}  // namespace
}  // namespace mts::tarantool
