// The rules of the waist, held against every MessageStore together with its PayloadStore. Each implementation
// instantiates the suite with its own StoresUnderTest.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/message_store.h"
#include "store/payload_store.h"
#include "tests/wait_for.h"

namespace mts::conformance {

class StoresUnderTest {
 public:
  virtual ~StoresUnderTest() = default;
  virtual store::MessageStore& messages() = 0;
  virtual store::PayloadStore& payloads() = 0;
  // Closes and opens the stores again; false where nothing outlives the process.
  virtual bool Restart() = 0;
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<StoresUnderTest>()> make;
};
inline void PrintTo(const Implementation& implementation, std::ostream* to) { *to << implementation.name; }
inline std::string NameOf(const ::testing::TestParamInfo<Implementation>& info) { return info.param.name; }

class StoreFixture : public ::testing::TestWithParam<Implementation> {
 protected:
  StoreFixture() : stores_(GetParam().make()) {}

  store::MessageStore& messages() { return stores_->messages(); }
  store::PayloadStore& payloads() { return stores_->payloads(); }

  static NewMessage Message(std::string_view subject, std::string_view payload, std::string_view id = {}) {
    NewMessage message;
    message.subject = subject;
    message.payload = payload;
    message.message_id = id;
    return message;
  }
  store::AppendOutcome Append(const std::vector<NewMessage>& batch) {
    return WaitFor<store::AppendOutcome>([&](auto done) { messages().Append(batch, std::move(done)); });
  }
  uint64_t AppendOk(std::string_view subject, std::string_view payload, std::string_view id = {}) {
    const store::AppendOutcome outcome = Append({Message(subject, payload, id)});
    EXPECT_TRUE(outcome.status.ok()) << outcome.status;
    return outcome.result.last.value();
  }
  store::MessageBlockPtr Read(const std::string& pattern, uint64_t after = 0, uint32_t max_messages = 1000,
                              uint64_t max_bytes = UINT64_MAX, uint64_t max_inline_bytes = UINT64_MAX) {
    store::ReadRequest request;
    request.pattern = *Pattern::Parse(pattern);
    request.after = Sequence(after);
    request.max_messages = max_messages;
    request.max_bytes = max_bytes;
    request.max_inline_bytes = max_inline_bytes;
    auto block =
        WaitFor<absl::StatusOr<store::MessageBlockPtr>>([&](auto done) { messages().Read(request, std::move(done)); });
    EXPECT_TRUE(block.ok()) << block.status();
    return block.ok() ? *std::move(block) : std::make_unique<store::MessageBlock>();
  }
  static std::vector<std::string> Payloads(const store::MessageBlockPtr& block) {
    std::vector<std::string> payloads;
    for (const StoredMessage& message : block->messages) payloads.emplace_back(message.payload);
    return payloads;
  }
  uint64_t Last(const std::string& pattern) {
    return WaitFor<absl::StatusOr<Sequence>>(
               [&](auto done) { messages().Last(*Pattern::Parse(pattern), std::move(done)); })
        ->value();
  }
  absl::StatusOr<Sequence> Advance(const ConsumerId& id, uint64_t to) {
    return WaitFor<absl::StatusOr<Sequence>>([&](auto done) { messages().Advance(id, Sequence(to), std::move(done)); });
  }
  absl::StatusOr<Sequence> Reset(const ConsumerId& id, uint64_t to) {
    return WaitFor<absl::StatusOr<Sequence>>([&](auto done) { messages().Reset(id, Sequence(to), std::move(done)); });
  }
  std::optional<Sequence> Position(const ConsumerId& id) {
    return *WaitFor<absl::StatusOr<std::optional<Sequence>>>(
        [&](auto done) { messages().Position(id, std::move(done)); });
  }
  absl::StatusOr<PayloadReference> Put(std::string_view payload) {
    return WaitFor<absl::StatusOr<PayloadReference>>([&](auto done) { payloads().Put("a", payload, std::move(done)); });
  }
  absl::StatusOr<std::string> Get(const PayloadReference& reference, uint64_t offset, uint64_t length) {
    return WaitFor<absl::StatusOr<std::string>>(
        [&](auto done) { payloads().Get(reference, offset, length, std::move(done)); });
  }

  std::unique_ptr<StoresUnderTest> stores_;
};

class MessageStoreTest : public StoreFixture {};
class ConsumerStoreTest : public StoreFixture {};
class PayloadStoreTest : public StoreFixture {};

}  // namespace mts::conformance
