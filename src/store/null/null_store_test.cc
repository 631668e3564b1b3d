#include <gtest/gtest.h>

#include "store/null/null_message_store.h"
#include "store/null/null_payload_store.h"

namespace mts::store {
namespace {

TEST(NullMessageStoreTest, AppendingGivesConsecutiveSequences) {
  NullMessageStore store;
  NewMessage message;
  message.subject = "a";
  message.payload = "x";
  const std::vector<NewMessage> batch(3, message);
  AppendOutcome first, second;
  store.Append(batch, [&](AppendOutcome outcome) { first = std::move(outcome); });
  store.Append(batch, [&](AppendOutcome outcome) { second = std::move(outcome); });
  EXPECT_TRUE(first.status.ok());
  EXPECT_EQ(first.result.first, Sequence(NullMessageStore::kHeld + 1));
  EXPECT_EQ(first.result.last, Sequence(NullMessageStore::kHeld + 3));
  EXPECT_EQ(second.result.first, Sequence(NullMessageStore::kHeld + 4));
}

TEST(NullMessageStoreTest, ReadingBringsAsManyAsAskedForWithinTheBytes) {
  NullMessageStore store;
  ReadRequest request;
  request.pattern = Pattern::Exact("a");
  request.after = Sequence(10);
  request.max_messages = 5;
  MessageBlockPtr block;
  store.Read(request, [&](auto result) { block = *std::move(result); });
  ASSERT_EQ(block->messages.size(), 5u);
  EXPECT_EQ(block->messages[0].sequence, Sequence(11));
  EXPECT_EQ(block->messages[0].payload.size(), 256u);
  EXPECT_EQ(block->messages[0].subject, "a");
  request.max_bytes = 512;
  store.Read(request, [&](auto result) { block = *std::move(result); });
  EXPECT_EQ(block->messages.size(), 2u);
}

TEST(NullMessageStoreTest, ThereIsAlwaysSomethingToRead) {
  NullMessageStore store;
  Sequence last;
  store.Last(Pattern::Exact("a"), [&](auto result) { last = *std::move(result); });
  EXPECT_GT(last, kNoSequence);
}

TEST(NullMessageStoreTest, NewsReachMatchingWatchesUntilTheyEnd) {
  NullMessageStore store;
  uint64_t told = 0;
  auto watch = store.WatchNews(Pattern::Exact("a"), [&](std::string_view, Sequence last) { told = last.value(); });
  NewMessage message;
  message.subject = "b";
  store.Append({&message, 1}, [](AppendOutcome) {});
  EXPECT_EQ(told, 0u);
  message.subject = "a";
  store.Append({&message, 1}, [](AppendOutcome) {});
  EXPECT_EQ(told, NullMessageStore::kHeld + 2);
  watch.reset();
  store.Append({&message, 1}, [](AppendOutcome) {});
  EXPECT_EQ(told, NullMessageStore::kHeld + 2);
}

TEST(NullPayloadStoreTest, CountsAndBringsZeros) {
  NullPayloadStore store;
  auto upload = store.BeginUpload("a", 0);
  ASSERT_TRUE(upload.ok());
  (*upload)->Write("abc", [](const absl::Status&) {});
  PayloadReference reference;
  (*upload)->Finish([&](auto result) { reference = *std::move(result); });
  EXPECT_EQ(reference.size, 3u);
  std::string bytes;
  store.Get(reference, 1, 10, [&](auto result) { bytes = *std::move(result); });
  EXPECT_EQ(bytes, std::string(2, '\0'));
}

}  // namespace
}  // namespace mts::store
