// For tests of the broker: stores in memory, a broker over them, and blocking calls.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "store/memory/memory_message_store.h"
#include "store/memory/memory_payload_store.h"
#include "tests/wait_for.h"

namespace mts::broker {

class BrokerFixture : public ::testing::Test {
 protected:
  BrokerFixture() {
    store_options_.inline_limit = 100;
    store_options_.max_inline_batch_bytes = 250;
    Open({});
  }
  void Open(const Options& options) {
    broker_.reset();
    messages_ = std::make_unique<store::MemoryMessageStore>(store_options_);
    broker_ = std::make_unique<Broker>(*messages_, payloads_, options);
  }

  static NewMessage Message(std::string_view subject, std::string_view payload, std::string_view id = {}) {
    NewMessage message;
    message.subject = subject;
    message.payload = payload;
    message.message_id = id;
    return message;
  }
  absl::StatusOr<Published> Publish(const NewMessage& message) {
    return WaitFor<absl::StatusOr<Published>>(
        [&](auto done) { broker_->publisher().Publish(message, std::move(done)); });
  }
  uint64_t PublishOk(std::string_view subject, std::string_view payload, std::string_view id = {}) {
    const absl::StatusOr<Published> published = Publish(Message(subject, payload, id));
    EXPECT_TRUE(published.ok()) << published.status();
    return published.ok() ? published->sequence.value() : 0;
  }
  store::AppendOutcome PublishBatch(const std::vector<NewMessage>& batch) {
    return WaitFor<store::AppendOutcome>([&](auto done) { broker_->publisher().PublishBatch(batch, std::move(done)); });
  }
  absl::StatusOr<Deliveries> Fetch(FetchOptions options) {
    return WaitFor<absl::StatusOr<Deliveries>>(
        [&](auto done) { broker_->fetcher().Fetch(std::move(options), std::move(done)); });
  }
  static FetchOptions From(std::string subject, std::string durable = {}, uint32_t max = 100) {
    FetchOptions options;
    options.subject = std::move(subject);
    options.durable_name = std::move(durable);
    options.max_messages = max;
    return options;
  }
  static std::vector<std::string> Payloads(const absl::StatusOr<Deliveries>& deliveries) {
    std::vector<std::string> payloads;
    if (!deliveries.ok()) return {std::string(deliveries.status().ToString())};
    for (const Delivery& delivery : deliveries->messages) payloads.emplace_back(delivery.data());
    return payloads;
  }
  absl::StatusOr<Sequence> Acknowledge(const std::string& subject, const std::string& durable, uint64_t up_to) {
    return WaitFor<absl::StatusOr<Sequence>>([&](auto done) {
      broker_->consumers().Acknowledge({durable, subject}, Sequence(up_to), std::move(done));
    });
  }

  store::MemoryMessageStore::Options store_options_;
  store::MemoryPayloadStore payloads_;
  std::unique_ptr<store::MemoryMessageStore> messages_;
  std::unique_ptr<Broker> broker_;
};

}  // namespace mts::broker
