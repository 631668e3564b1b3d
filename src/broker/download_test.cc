#include "broker/download.h"

#include "base/crc32c.h"
#include "broker/broker_fixture.h"

namespace mts::broker {
namespace {

class DownloadTest : public BrokerFixture {
 protected:
  struct Got {
    absl::Status status;
    std::string bytes;
    std::optional<uint32_t> crc32c;
    uint64_t size = 0;
    int chunks = 0;
  };
  Got Get(std::string_view subject, uint64_t sequence, uint64_t offset = 0, uint64_t length = 0) {
    Got got;
    auto opened = WaitFor<absl::StatusOr<std::unique_ptr<Download>>>(
        [&](auto done) { broker_->OpenDownload(subject, Sequence(sequence), offset, length, std::move(done)); });
    got.status = opened.status();
    if (!opened.ok()) return got;
    got.size = (*opened)->size();
    while (true) {
      auto chunk = WaitFor<absl::StatusOr<Download::Chunk>>([&](auto done) { (*opened)->Next(std::move(done)); });
      got.status = chunk.status();
      if (!chunk.ok()) return got;
      ++got.chunks;
      got.bytes += chunk->data.view();
      got.crc32c = chunk->crc32c;
      if (chunk->last) return got;
    }
  }
};

TEST_F(DownloadTest, BringsWholePayloadsAndRanges) {
  const std::string large = std::string(150, 'a') + std::string(150, 'b');
  PublishOk("a", "small");
  PublishOk("a", large);
  for (const auto& [sequence, payload] : {std::pair<uint64_t, std::string>{1, "small"}, {2, large}}) {
    const Got whole = Get("a", sequence);
    EXPECT_TRUE(whole.status.ok());
    EXPECT_EQ(whole.bytes, payload);
    EXPECT_EQ(whole.size, payload.size());
    EXPECT_EQ(whole.crc32c, Crc32c(payload));
    const Got middle = Get("a", sequence, 1, 3);
    EXPECT_EQ(middle.bytes, payload.substr(1, 3));
    EXPECT_FALSE(middle.crc32c.has_value());
    const Got tail = Get("a", sequence, 2);
    EXPECT_EQ(tail.bytes, payload.substr(2));
    EXPECT_EQ(tail.crc32c, Crc32c(payload));
    EXPECT_TRUE(absl::IsOutOfRange(Get("a", sequence, payload.size() + 1).status));
    EXPECT_EQ(Get("a", sequence, payload.size()).bytes, "");
    EXPECT_EQ(Get("a", sequence, 1, 1'000'000).bytes, payload.substr(1));
  }
}

TEST_F(DownloadTest, ChunksAreBounded) {
  PublishOk("a", std::string(2 * limits::kMaxChunkBytes + 5, 'x'));
  const Got got = Get("a", 1);
  EXPECT_TRUE(got.status.ok());
  EXPECT_EQ(got.chunks, 3);
  EXPECT_EQ(got.bytes.size(), 2 * limits::kMaxChunkBytes + 5);
}

TEST_F(DownloadTest, AnEmptyPayloadIsOneEmptyChunk) {
  PublishOk("a", "");
  const Got got = Get("a", 1);
  EXPECT_TRUE(got.status.ok());
  EXPECT_EQ(got.chunks, 1);
  EXPECT_EQ(got.crc32c, 0u);
}

TEST_F(DownloadTest, SaysWhatIsWrong) {
  PublishOk("a", std::string(300, 'x'));
  PublishOk("a", std::string(300, 'y'));
  EXPECT_TRUE(absl::IsNotFound(Get("a", 9).status));
  EXPECT_TRUE(absl::IsNotFound(Get("b", 1).status));
  payloads_.Lose("payload1");
  EXPECT_TRUE(absl::IsNotFound(Get("a", 1).status));
  payloads_.Damage("payload2");
  EXPECT_TRUE(absl::IsDataLoss(Get("a", 2).status));
}

}  // namespace
}  // namespace mts::broker
