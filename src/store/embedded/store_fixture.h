// For tests of the embedded store: a store on a simulated disk, with blocking calls.
#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "io/fault_file_system.h"
#include "store/embedded/embedded_store.h"
#include "tests/wait_for.h"

namespace mts::store {

class EmbeddedStoreFixture : public ::testing::Test {
 protected:
  EmbeddedStoreFixture() {
    options_.data_dir = "/data";
    options_.log.files = &disk_;
    options_.log.clock = &clock_;
    options_.log.segment_bytes = 1 << 20;
    options_.log.prepared_segments = 0;
    options_.log.min_free_bytes = 0;
    options_.log.checkpoint_min_bytes = 256 << 10;
    options_.reader_threads = 2;
  }

  void Open() {
    absl::StatusOr<std::unique_ptr<EmbeddedStore>> store = EmbeddedStore::Open(options_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Restart() {
    store_.reset();
    Open();
  }
  // As kill -9: what was written to files is there, synced or not.
  void Kill() {
    disk_.Freeze();
    store_.reset();
    disk_.Thaw();
    Open();
  }
  void CutPower(uint64_t seed) {
    disk_.Freeze();
    store_.reset();
    disk_.PowerCut(seed);
    Open();
  }

  AppendOutcome Append(const std::vector<NewMessage>& batch) {
    return WaitFor<AppendOutcome>([&](auto done) { store_->Append(batch, std::move(done)); });
  }
  AppendOutcome AppendOne(std::string_view subject, std::string_view payload, std::string_view id = {}) {
    NewMessage message;
    message.subject = subject;
    message.payload = payload;
    message.message_id = id;
    return Append({message});
  }
  absl::StatusOr<MessageBlockPtr> Read(const Pattern& pattern, uint64_t after = 0, uint32_t max = 1000,
                                       uint64_t max_bytes = UINT64_MAX) {
    ReadRequest request;
    request.pattern = pattern;
    request.after = Sequence(after);
    request.max_messages = max;
    request.max_bytes = max_bytes;
    return WaitFor<absl::StatusOr<MessageBlockPtr>>([&](auto done) { store_->Read(request, std::move(done)); });
  }
  StoreInfo Info() {
    return *WaitFor<absl::StatusOr<StoreInfo>>([&](auto done) { store_->Info(std::move(done)); });
  }
  // Payloads of everything that matches.
  std::vector<std::string> Payloads(const Pattern& pattern) {
    std::vector<std::string> payloads;
    uint64_t after = 0;
    for (;;) {
      absl::StatusOr<MessageBlockPtr> block = Read(pattern, after);
      EXPECT_TRUE(block.ok()) << block.status();
      if (!block.ok() || (*block)->messages.empty()) return payloads;
      for (const StoredMessage& message : (*block)->messages) {
        EXPECT_GT(message.sequence.value(), after);
        after = message.sequence.value();
        payloads.emplace_back(message.payload);
      }
    }
  }
  absl::StatusOr<Sequence> Last(const Pattern& pattern) {
    return WaitFor<absl::StatusOr<Sequence>>([&](auto done) { store_->Last(pattern, std::move(done)); });
  }
  absl::StatusOr<Sequence> Advance(const ConsumerId& id, uint64_t to) {
    return WaitFor<absl::StatusOr<Sequence>>([&](auto done) { store_->Advance(id, Sequence(to), std::move(done)); });
  }
  absl::StatusOr<std::optional<Sequence>> Position(const ConsumerId& id) {
    return WaitFor<absl::StatusOr<std::optional<Sequence>>>([&](auto done) { store_->Position(id, std::move(done)); });
  }
  absl::StatusOr<bool> Expire(const Retention& limits) {
    return WaitFor<absl::StatusOr<bool>>([&](auto done) { store_->Expire(limits, std::move(done)); });
  }

  io::FaultFileSystem disk_;
  ManualClock clock_;
  EmbeddedOptions options_;
  std::unique_ptr<EmbeddedStore> store_;
};

}  // namespace mts::store
