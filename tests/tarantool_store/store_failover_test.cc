// A replica set of three whose leader is killed under load, or hangs: the store finds the one that was promoted, and no
// message that was answered is lost or stored twice.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"
#include "store/tarantool/tarantool_store.h"
#include "tests/servers/tarantool_server.h"
#include "tests/tarantool_store/store_load.h"

namespace mts::testing {
namespace {

constexpr size_t kInstances = 3;
constexpr char kReplicationPassword[] = "MTS_REPLICATION_PASSWORD=secret";

class StoreFailoverTest : public ::testing::Test {
 protected:
  StoreFailoverTest() : folder_("failover") {}

  void SetUp() override {
    const std::vector<uint16_t> ports = FreePorts(kInstances);
    for (const uint16_t port : ports) addresses_.push_back(Concat("127.0.0.1:", port));
    const std::string set = Concat("MTS_REPLICATION=", addresses_[0], ",", addresses_[1], ",", addresses_[2]);
    for (size_t i = 0; i < kInstances; ++i) {
      auto server = TarantoolServer::LaunchOn(
          ports[i], {set, kReplicationPassword, Concat("MTS_BOOTSTRAP=", i == 0 ? "true" : "false")});
      ASSERT_TRUE(server.ok()) << server.status();
      servers_.push_back(*std::move(server));
    }
    for (size_t i = 0; i < kInstances; ++i) ASSERT_TRUE(AwaitRunning(i)) << servers_[i]->Log();
    store::TarantoolOptions options;
    options.addresses = {addresses_[2], addresses_[0], addresses_[1]};
    options.user = TarantoolServer::kUser;
    options.password = TarantoolServer::kPassword;
    options.call_timeout_micros = 60'000'000;
    options.inline_limit = 1000;
    auto store = store::TarantoolStore::Open(std::move(options));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  // Until the instance has joined the set; one that ends by itself is started again, as by what supervises it.
  bool AwaitRunning(size_t instance) {
    const std::string command = Concat(kReplicationPassword, " timeout 60 tarantool ", MTS_SET_CLIENT, " state ",
                                       addresses_[instance], " uuid >/dev/null 2>&1");
    for (int i = 0; i < 200; ++i) {
      if (std::system(command.c_str()) == 0) return true;
      if (!servers_[instance]->Runs()) servers_[instance]->Launch();
    }
    return false;
  }
  // As docs/operations.md says.
  void Promote() {
    const std::string log = folder_.path() + "/promote.log";
    const std::string command =
        Concat(kReplicationPassword, " MTS_USER=", TarantoolServer::kUser, " MTS_PASSWORD=", TarantoolServer::kPassword,
               " timeout 60 tarantool ", MTS_PROMOTE, " ", addresses_[0], " ", addresses_[1], " ", addresses_[2], " >",
               log, " 2>&1");
    if (std::system(command.c_str()) == 0) return;
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    FAIL() << text.str();
  }

  ScratchFolder folder_;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<TarantoolServer>> servers_;
  std::unique_ptr<store::TarantoolStore> store_;
};

TEST_F(StoreFailoverTest, TheLeaderIsKilledUnderLoadAndNothingIsLostOrDoubled) {
  Writers writers(*store_, 4);
  writers.AwaitMore(500);
  servers_[0]->Kill();
  ASSERT_NO_FATAL_FAILURE(Promote());
  writers.AwaitMore(500);
  writers.Stop();
  EXPECT_EQ(writers.unknown(), 0u);
  ExpectNothingLostOrDoubled(*store_, writers);
}

// Its connections stay open, and nothing comes from them any more.
TEST_F(StoreFailoverTest, TheLeaderHangsAndWakesUpAndNothingIsLostOrDoubled) {
  Writers writers(*store_, 4);
  writers.AwaitMore(500);
  servers_[0]->Pause();
  ASSERT_NO_FATAL_FAILURE(Promote());
  writers.AwaitMore(500);
  servers_[0]->Resume();
  writers.AwaitMore(500);
  writers.Stop();
  EXPECT_EQ(writers.unknown(), 0u);
  ExpectNothingLostOrDoubled(*store_, writers);
}

}  // namespace
}  // namespace mts::testing
