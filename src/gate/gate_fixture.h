// A gate over stores in memory, for tests.
//
// Threading: one thread.
#pragma once

#include <memory>

#include "broker/broker.h"
#include "gate/gate_client.h"
#include "gate/gate_server.h"
#include "gtest/gtest.h"
#include "store/memory/memory_message_store.h"
#include "store/memory/memory_payload_store.h"

namespace mts::gate {

class GateFixture : public testing::Test {
 protected:
  void SetUp() override { Restart({}); }
  void TearDown() override { Stop(); }

  void Restart(GateOptions options) {
    Stop();
    options.listen = "127.0.0.1:0";
    options.clock = &clock_;
    broker_ = std::make_unique<broker::Broker>(messages_, payloads_, broker::Options());
    auto server = GateServer::Start(std::move(options), *broker_, messages_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void Stop() {
    if (server_ != nullptr) server_->Shutdown();
    if (broker_ != nullptr) broker_->Shutdown();
    server_.reset();
    broker_.reset();
  }

  // A client that may call everything.
  std::unique_ptr<GateClient> Connect() {
    auto client = std::make_unique<GateClient>(server_->port());
    EXPECT_TRUE(client->Authenticate("minitoolstream", "changeme"));
    return client;
  }

  static store::MemoryMessageStore::Options StoreOptions(const Clock* clock) {
    store::MemoryMessageStore::Options options;
    options.clock = clock;
    return options;
  }

  ManualClock clock_;
  store::MemoryMessageStore messages_{StoreOptions(&clock_)};
  store::MemoryPayloadStore payloads_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<GateServer> server_;
};

}  // namespace mts::gate
