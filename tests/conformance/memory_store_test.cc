// The suite against the stores in memory, which stand in for real ones in the tests of the broker.

#include "store/memory/memory_message_store.h"
#include "store/memory/memory_payload_store.h"
#include "store_suite.h"

namespace mts::conformance {
namespace {

class MemoryStores : public StoresUnderTest {
 public:
  store::MessageStore& messages() override { return messages_; }
  store::PayloadStore& payloads() override { return payloads_; }
  bool Restart() override { return false; }

 private:
  store::MemoryMessageStore messages_;
  store::MemoryPayloadStore payloads_;
};

const Implementation kMemory{"Memory", [] { return std::make_unique<MemoryStores>(); }};

INSTANTIATE_TEST_SUITE_P(Memory, MessageStoreTest, testing::Values(kMemory), NameOf);
INSTANTIATE_TEST_SUITE_P(Memory, ConsumerStoreTest, testing::Values(kMemory), NameOf);
INSTANTIATE_TEST_SUITE_P(Memory, PayloadStoreTest, testing::Values(kMemory), NameOf);

}  // namespace
}  // namespace mts::conformance
