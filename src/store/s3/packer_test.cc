#include "store/s3/packer.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"

namespace mts::store::s3 {
namespace {

// Time that moves only when told; what is due runs in order.
class ManualTimers : public Timers {
 public:
  int64_t NowMicros() const override { return now_; }
  bool PostAfter(int64_t micros, absl::AnyInvocable<void()> task) override {
    tasks_.emplace(now_ + micros, std::move(task));
    return true;
  }
  void RunUntil(int64_t time) {
    while (!tasks_.empty() && tasks_.begin()->first <= time) {
      now_ = std::max(now_, tasks_.begin()->first);
      auto task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
      task();
    }
    now_ = time;
  }

 private:
  int64_t now_ = 1'000'000;
  std::multimap<int64_t, absl::AnyInvocable<void()>> tasks_;
};

// A server whose PUTs take as long as told.
class PackerTest : public ::testing::Test {
 protected:
  struct Put {
    int64_t start = 0;
    std::string key;
    std::string body;
    size_t payloads = 0;
  };

  PackerTest()
      : packer_([this](size_t) { return absl::StrCat("k", puts_.size()); },
                [this](std::string key, BodyPieces body, uint32_t crc32c, absl::AnyInvocable<void(absl::Status)> done) {
                  OnPut(std::move(key), body, crc32c, std::move(done));
                },
                timers_, statistics_, 15'000'000) {}

  void OnPut(std::string key, const BodyPieces& body, uint32_t crc32c, absl::AnyInvocable<void(absl::Status)> done) {
    Put put{timers_.NowMicros(), std::move(key), {}, body.size()};
    for (const std::string_view piece : body) put.body.append(piece);
    EXPECT_EQ(crc32c, Crc32c(put.body));
    EXPECT_LE(put.body.size(), PackPacing::kMaxPackBytes);
    puts_.push_back(std::move(put));
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    ASSERT_TRUE(timers_.PostAfter(put_micros_, [this, shared] {
      --in_flight_;
      (*shared)(answer_);
    }));
  }

  // Returns when it was answered, by reference.
  void Add(
      std::string_view payload, Packer::Done done = [](absl::StatusOr<PayloadReference>) {}) {
    packer_.Add(payload, std::move(done));
  }

  ManualTimers timers_;
  Statistics statistics_;
  std::vector<Put> puts_;
  int in_flight_ = 0;
  int most_in_flight_ = 0;
  int64_t put_micros_ = 2'000;
  absl::Status answer_;
  Packer packer_;
};

TEST_F(PackerTest, OneCallerAlonePaysOnePutAndNoWaiting) {
  int answered = 0;
  absl::AnyInvocable<void()> publish = [&] {
    Add("alone", [&](absl::StatusOr<PayloadReference> reference) {
      ASSERT_TRUE(reference.ok());
      if (++answered == 500) return;
      ASSERT_TRUE(timers_.PostAfter(100, [&] { publish(); }));
    });
  };
  publish();
  timers_.RunUntil(1'000'000 + 500 * 2'100);
  EXPECT_EQ(answered, 500);
  EXPECT_EQ(puts_.size(), 500u);
}

TEST_F(PackerTest, AnOpenLoopOfTwentyThousandASecondTakesFewPutsAndLittleTime) {
  const std::string payload(256, 'x');
  std::vector<int64_t> latencies;
  for (int i = 0; i < 40'000; ++i) {
    timers_.RunUntil(1'000'000 + i * 50);
    const int64_t begin = timers_.NowMicros();
    Add(payload,
        [&, begin](const absl::StatusOr<PayloadReference>&) { latencies.push_back(timers_.NowMicros() - begin); });
  }
  timers_.RunUntil(4'000'000);
  ASSERT_EQ(latencies.size(), 40'000u);
  std::sort(latencies.begin(), latencies.end());
  EXPECT_LE(puts_.size(), 400u);  // 10 for a thousand
  EXPECT_LE(latencies[latencies.size() / 2], 10'000);
  EXPECT_LE(latencies.back(), 20'000);
  EXPECT_EQ(most_in_flight_, 1);
}

TEST_F(PackerTest, PayloadsThatBelongTogetherShareAnObjectOfTheirOwn) {
  for (const absl::Status& answer : {absl::OkStatus(), absl::UnavailableError("S3 is away")}) {
    answer_ = answer;
    puts_.clear();
    Add("before");
    Add("waits");
    const std::vector<std::string> payloads = {"one", "", "three"};
    absl::StatusOr<std::vector<PayloadReference>> references = absl::UnknownError("not answered");
    packer_.AddTogether(payloads, [&](auto answered) { references = std::move(answered); });
    timers_.RunUntil(timers_.NowMicros() + 1'000'000);
    ASSERT_EQ(puts_.size(), 3u);
    EXPECT_EQ(puts_[1].body, "onethree");
    EXPECT_EQ(references.status(), answer);
    if (!references.ok()) continue;
    ASSERT_EQ(references->size(), 3u);
    uint64_t offset = 0;
    for (size_t i = 0; i < payloads.size(); ++i) {
      EXPECT_EQ((*references)[i], (PayloadReference{PayloadKind::kStored, offset, payloads[i].size(),
                                                    Crc32c(payloads[i]), puts_[1].key}));
      offset += payloads[i].size();
    }
  }
  packer_.Shutdown();
  absl::Status late;
  packer_.AddTogether({"late"}, [&](const auto& answered) { late = answered.status(); });
  EXPECT_TRUE(absl::IsUnavailable(late));
}

TEST_F(PackerTest, ManyCallersThatWaitForTheirAnswersShareObjects) {
  constexpr int kCallers = 64;
  struct Times {
    int64_t put_micros;
    int64_t commit_micros;  // from the PUT's end to the answer
  };
  for (const Times times : {Times{1'500, 0}, Times{4'000, 0}, Times{12'000, 0}, Times{1'500, 3'000},
                            Times{4'000, 3'000}, Times{2'500, 5'000}, Times{12'000, 6'000}}) {
    put_micros_ = times.put_micros;
    const size_t puts_before = puts_.size();
    const int64_t end = timers_.NowMicros() + 2'000'000;
    int answered = 0;
    std::vector<absl::AnyInvocable<void()>> callers(kCallers);
    for (int i = 0; i < kCallers; ++i) {
      callers[i] = [&, i] {
        Add("payload", [&, i](const absl::StatusOr<PayloadReference>&) {
          ++answered;
          if (timers_.NowMicros() >= end) return;
          ASSERT_TRUE(timers_.PostAfter(times.commit_micros + 50 + 20 * i, [&, i] { callers[i](); }));
        });
      };
      callers[i]();
    }
    timers_.RunUntil(end + 1'000'000);
    EXPECT_LE(puts_.size() - puts_before, answered * 20u / 1000)
        << answered << " with PUTs of " << times.put_micros << " and commits of " << times.commit_micros;
  }
}

TEST_F(PackerTest, ReferencesFindTheirPayloads) {
  std::vector<PayloadReference> references;
  std::vector<std::string> payloads;
  for (int i = 0; i < 300; ++i) payloads.push_back(absl::StrCat("payload ", i));
  for (const std::string& payload : payloads) {
    Add(payload, [&](absl::StatusOr<PayloadReference> reference) { references.push_back(*reference); });
  }
  timers_.RunUntil(2'000'000);
  ASSERT_EQ(references.size(), payloads.size());
  for (const PayloadReference& reference : references) {
    const auto put = std::find_if(puts_.begin(), puts_.end(), [&](const Put& p) { return p.key == reference.key; });
    ASSERT_NE(put, puts_.end());
    EXPECT_EQ(Crc32c(std::string_view(put->body).substr(reference.offset, reference.size)), reference.crc32c);
  }
  EXPECT_LE(puts_.size(), 3u);
}

TEST_F(PackerTest, LargePacksAreCutAndGoTwoAtATime) {
  put_micros_ = 30'000;
  const std::string payload(200 * 1024, 'x');
  int answered = 0;
  for (int i = 0; i < 400; ++i) Add(payload, [&](const absl::StatusOr<PayloadReference>&) { ++answered; });
  timers_.RunUntil(5'000'000);
  EXPECT_EQ(answered, 400);
  EXPECT_EQ(most_in_flight_, 2);
  EXPECT_LE(puts_.size(), 13u);
}

TEST_F(PackerTest, ASlowServerHoldsUpOnlyTwoPuts) {
  put_micros_ = 10'000'000;
  for (int i = 0; i < 10; ++i) {
    Add("payload");
    timers_.RunUntil(timers_.NowMicros() + 100'000);
  }
  EXPECT_EQ(in_flight_, 2);
}

TEST_F(PackerTest, AFailureIsTheAnswerOfItsWholePackAndOfNoOther) {
  answer_ = absl::UnavailableError("down");
  int failed = 0;
  for (int i = 0; i < 5; ++i) Add("payload", [&](const absl::StatusOr<PayloadReference>& r) { failed += !r.ok(); });
  timers_.RunUntil(1'500'000);
  EXPECT_EQ(failed, 5);
  answer_ = absl::OkStatus();
  bool ok = false;
  Add("payload", [&](const absl::StatusOr<PayloadReference>& r) { ok = r.ok(); });
  timers_.RunUntil(2'000'000);
  EXPECT_TRUE(ok);
}

TEST_F(PackerTest, WhatWaitsIsBounded) {
  put_micros_ = 1'000'000'000;
  const std::string payload(255 * 1024, 'x');
  int refused = 0;
  for (int i = 0; i < 700; ++i) {
    Add(payload, [&](const absl::StatusOr<PayloadReference>& r) { refused += absl::IsResourceExhausted(r.status()); });
  }
  EXPECT_GT(refused, 100);
  packer_.Shutdown();
}

TEST_F(PackerTest, ShutdownAnswersWhatWaits) {
  int unavailable = 0;
  for (int i = 0; i < 10; ++i) {
    Add("payload", [&](const absl::StatusOr<PayloadReference>& r) { unavailable += absl::IsUnavailable(r.status()); });
  }
  packer_.Shutdown();
  EXPECT_EQ(unavailable, 9);  // the first one is under way
  Add("payload", [&](const absl::StatusOr<PayloadReference>& r) { unavailable += absl::IsUnavailable(r.status()); });
  EXPECT_EQ(unavailable, 10);
}

}  // namespace
}  // namespace mts::store::s3
