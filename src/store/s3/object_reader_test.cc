#include "store/s3/object_reader.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>

#include "base/limits.h"

namespace mts::store::s3 {
namespace {

constexpr uint64_t kBudget = 64 * limits::kMiB;
constexpr uint64_t kObjectSize = 300 * limits::kMiB;
constexpr uint64_t kStep = limits::kMiB;

char ByteAt(uint64_t offset) { return static_cast<char>(offset / limits::kKiB % 251); }

// A server that answers the oldest of its requests when told.
class ObjectReaderTest : public ::testing::Test {
 protected:
  struct Request {
    uint64_t offset = 0;
    uint64_t length = 0;
    ObjectClient::ResultDone<ObjectRange> done;
  };

  ObjectReaderTest()
      : reader_(
            [this](const std::string&, uint64_t offset, uint64_t length, ObjectClient::ResultDone<ObjectRange> done) {
              requests_.push_back({offset, length, std::move(done)});
            },
            kBudget, statistics_) {}

  void AnswerOne() {
    Request request = std::move(requests_.front());
    requests_.pop_front();
    ObjectRange range;
    range.object_size = kObjectSize;
    for (uint64_t i = 0; i < request.length; i += limits::kKiB) {
      range.bytes.append(std::min(limits::kKiB, request.length - i), ByteAt(request.offset + i));
    }
    request.done(std::move(range));
  }

  std::string Read(uint64_t offset, uint64_t length) {
    std::string result;
    bool answered = false;
    reader_.Read("object", kObjectSize, offset, length, [&](absl::StatusOr<std::string> bytes) {
      answered = true;
      result = *std::move(bytes);
    });
    while (!answered) AnswerOne();
    return result;
  }

  Statistics statistics_;
  std::deque<Request> requests_;
  ObjectReader reader_;
};

TEST_F(ObjectReaderTest, AReaderThatGoesOnFindsTheNextRangesOnTheirWayHoweverMuchItHasRead) {
  for (uint64_t offset = 0; offset < kObjectSize; offset += kStep) {
    const std::string bytes = Read(offset, kStep);
    ASSERT_EQ(bytes.size(), kStep);
    EXPECT_EQ(bytes.front(), ByteAt(offset));
    EXPECT_EQ(bytes.back(), ByteAt(offset + kStep - 1));
    EXPECT_LE(reader_.cached_bytes(), kBudget);
    const bool at_speed = offset > 64 * limits::kMiB && offset < kObjectSize - 64 * limits::kMiB;
    if (at_speed) {
      EXPECT_GE(requests_.size(), 2u) << "at " << offset;
    }
  }
  EXPECT_TRUE(requests_.empty());
}

TEST_F(ObjectReaderTest, ARangeThatSeveralWaitForIsAskedForOnce) {
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    reader_.Read("object", kObjectSize, 1'000'000, 1000, [&](const absl::StatusOr<std::string>& bytes) {
      ASSERT_TRUE(bytes.ok());
      EXPECT_EQ(bytes->front(), ByteAt(1'000'000));
      ++answers;
    });
  }
  ASSERT_EQ(requests_.size(), 1u);
  AnswerOne();
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(Read(1'000'500, 100).size(), 100u);
  EXPECT_TRUE(requests_.empty());
}

TEST_F(ObjectReaderTest, WhatWasForgottenIsAskedForAgain) {
  Read(0, 1000);
  requests_.clear();
  reader_.Forget("object");
  reader_.Read("object", kObjectSize, 0, 1000, [](const absl::StatusOr<std::string>&) {});
  EXPECT_FALSE(requests_.empty());
  while (!requests_.empty()) AnswerOne();
  EXPECT_GT(reader_.cached_bytes(), 0u);
  reader_.Forget("object");
  EXPECT_EQ(reader_.cached_bytes(), 0u);
}

}  // namespace
}  // namespace mts::store::s3
