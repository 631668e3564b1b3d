// The suite against Tarantool with our module, and payload files.

#include <cstdlib>

#include "base/limits.h"
#include "io/file_system.h"
#include "store/files/payload_files.h"
#include "store/tarantool/tarantool_store.h"
#include "store_suite.h"
#include "tests/servers/tarantool_server.h"

namespace mts::conformance {
namespace {

using mts::testing::TarantoolServer;

class TarantoolStores : public StoresUnderTest {
 public:
  TarantoolStores() : folder_("tarantool-payloads") {
    auto server = TarantoolServer::Start();
    if (!server.ok()) {
      ADD_FAILURE() << server.status();
      std::abort();
    }
    server_ = *std::move(server);
    Open();
  }
  ~TarantoolStores() override { messages_.reset(); }
  store::MessageStore& messages() override { return *messages_; }
  store::PayloadStore& payloads() override { return *payloads_; }
  bool Restart() override {
    messages_.reset();
    payloads_.reset();
    EXPECT_TRUE(server_->Restart().ok());
    Open();
    return true;
  }

 private:
  void Open() {
    store::PayloadFiles::Options files;
    files.files = &io::PosixFileSystem();
    files.directory = folder_.path() + "/payloads";
    files.min_free_bytes = 0;
    auto payloads = store::PayloadFiles::Open(std::move(files));
    EXPECT_TRUE(payloads.ok()) << payloads.status();
    payloads_ = *std::move(payloads);
    store::TarantoolOptions options;
    options.addresses = {server_->address()};
    options.user = TarantoolServer::kUser;
    options.password = TarantoolServer::kPassword;
    options.inline_limit = limits::kInlineLimit;
    auto messages = store::TarantoolStore::Open(std::move(options));
    EXPECT_TRUE(messages.ok()) << messages.status();
    messages_ = *std::move(messages);
  }

  mts::testing::ScratchFolder folder_;
  std::unique_ptr<TarantoolServer> server_;
  std::unique_ptr<store::PayloadStore> payloads_;
  std::unique_ptr<store::MessageStore> messages_;
};

const Implementation kTarantool{"Tarantool", [] { return std::make_unique<TarantoolStores>(); }};

INSTANTIATE_TEST_SUITE_P(Tarantool, MessageStoreTest, ::testing::Values(kTarantool), NameOf);
INSTANTIATE_TEST_SUITE_P(Tarantool, ConsumerStoreTest, ::testing::Values(kTarantool), NameOf);

}  // namespace
}  // namespace mts::conformance
