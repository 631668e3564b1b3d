#include "rpc/message_encoder.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "minitoolstream/egress.pb.h"
#include "model/headers.h"
#include "rpc/byte_buffers.h"

namespace mts::rpc {
namespace {

broker::Delivery Delivery(std::string_view payload) {
  broker::Delivery delivery;
  delivery.message.subject = "orders.new";
  delivery.message.sequence = Sequence(300);
  delivery.message.time = Timestamp(1'700'000'000'250'000);
  delivery.message.payload = payload;
  delivery.message.size = payload.size();
  return delivery;
}

minitoolstream::Message Parse(const grpc::ByteBuffer& buffer) {
  minitoolstream::Message message;
  EXPECT_TRUE(ParseRequest(&buffer, message).ok());
  return message;
}

TEST(MessageEncoderTest, AMessageComesOutAsTheGeneratedParserReadsIt) {
  std::string headers;
  HeadersEncoder encoder(headers);
  encoder.Begin(2);
  encoder.Add("content-type", "text/plain");
  encoder.Add("k", "");
  broker::Delivery delivery = Delivery("hello");
  delivery.message.headers = headers;
  const minitoolstream::Message message = Parse(EncodeMessage(delivery, DataSizeHeader::kAdded));
  EXPECT_EQ(message.subject(), "orders.new");
  EXPECT_EQ(message.sequence(), 300u);
  EXPECT_EQ(message.data(), "hello");
  EXPECT_EQ(message.headers().at("content-type"), "text/plain");
  EXPECT_EQ(message.headers().at("k"), "");
  EXPECT_EQ(message.headers().at("data-size"), "5");
  EXPECT_EQ(message.timestamp().seconds(), 1'700'000'000);
  EXPECT_EQ(message.timestamp().nanos(), 250'000'000);
  EXPECT_EQ(message.size(), 5u);
  EXPECT_EQ(message.object_name(), "orders.new_300");
  EXPECT_EQ(message.payload_status(), minitoolstream::PAYLOAD_STATUS_INLINE);
}

TEST(MessageEncoderTest, NewerCallsHaveNoDataSizeHeaderAndEmptyMessagesNever) {
  EXPECT_EQ(Parse(EncodeMessage(Delivery("x"), DataSizeHeader::kLeftOut)).headers_size(), 0);
  EXPECT_EQ(Parse(EncodeMessage(Delivery(""), DataSizeHeader::kAdded)).headers_size(), 0);
}

TEST(MessageEncoderTest, ServerHeadersWinOverTheClientsOfTheSameName) {
  std::string headers;
  HeadersEncoder encoder(headers);
  encoder.Begin(1);
  encoder.Add("data-size", "lie");
  broker::Delivery delivery = Delivery("x");
  delivery.message.headers = headers;
  EXPECT_EQ(Parse(EncodeMessage(delivery, DataSizeHeader::kAdded)).headers().at("data-size"), "1");
}

TEST(MessageEncoderTest, AMarkedPayloadHasStatusAndHeaderAndItsSize) {
  broker::Delivery delivery = Delivery("");
  delivery.message.size = 1'000'000;
  delivery.message.payload_included = false;
  delivery.message.reference = PayloadReference{.kind = PayloadKind::kStored, .size = 1'000'000, .key = "0123abcd"};
  for (const auto& [status, text] : {std::pair{broker::PayloadStatus::kDeferred, "deferred"},
                                     {broker::PayloadStatus::kMissing, "missing"},
                                     {broker::PayloadStatus::kCorrupt, "corrupt"}}) {
    delivery.status = status;
    const minitoolstream::Message message = Parse(EncodeMessage(delivery, DataSizeHeader::kAdded));
    EXPECT_EQ(message.payload_status(), static_cast<int>(status));
    EXPECT_EQ(message.headers().at("payload-status"), text);
    EXPECT_EQ(message.size(), 1'000'000u);
    EXPECT_EQ(message.object_name(), "0123abcd");
  }
}

TEST(MessageEncoderTest, ABatchHasExactlyTheSizeThatWasPromised) {
  broker::Deliveries deliveries;
  const std::string large(70'000, 'x');
  for (const std::string_view payload : {std::string_view("a"), std::string_view(), std::string_view(large)}) {
    deliveries.messages.push_back(Delivery(payload));
  }
  deliveries.messages[1].fetched = "from the payload store";
  uint64_t size = 0;
  for (const broker::Delivery& delivery : deliveries.messages) size += BatchEntrySize(delivery, delivery.data().size());
  const grpc::ByteBuffer buffer = EncodeMessageBatch(deliveries);
  EXPECT_EQ(buffer.Length(), size);
  minitoolstream::MessageBatch batch;
  ASSERT_TRUE(ParseRequest(&buffer, batch).ok());
  ASSERT_EQ(batch.messages_size(), 3);
  EXPECT_EQ(batch.messages(0).data(), "a");
  EXPECT_EQ(batch.messages(1).data(), "from the payload store");
  EXPECT_EQ(batch.messages(2).data(), large);
  EXPECT_EQ(EncodeMessageBatch({}).Length(), 0u);
}

TEST(MessageEncoderTest, TimesBeforeTheEpoch) {
  broker::Delivery delivery = Delivery("x");
  delivery.message.time = Timestamp(-1);
  const minitoolstream::Message message = Parse(EncodeMessage(delivery, DataSizeHeader::kLeftOut));
  EXPECT_EQ(message.timestamp().seconds(), -1);
  EXPECT_EQ(message.timestamp().nanos(), 999'999'000);
}

TEST(MessageEncoderTest, DownloadChunks) {
  broker::Download::Chunk chunk;
  chunk.data = std::string("bytes");
  chunk.crc32c = Crc32c("bytes");
  const grpc::ByteBuffer buffer = EncodeDownloadChunk(std::move(chunk), true, 5);
  minitoolstream::DownloadChunk parsed;
  ASSERT_TRUE(ParseRequest(&buffer, parsed).ok());
  EXPECT_EQ(parsed.data(), "bytes");
  EXPECT_EQ(parsed.size(), 5u);
  EXPECT_EQ(parsed.crc32c(), Crc32c("bytes"));
  const grpc::ByteBuffer later = EncodeDownloadChunk({std::string(1000, 'x'), false, std::nullopt}, false, 5);
  ASSERT_TRUE(ParseRequest(&later, parsed).ok());
  EXPECT_EQ(parsed.data().size(), 1000u);
  EXPECT_EQ(parsed.size(), 0u);
  EXPECT_FALSE(parsed.has_crc32c());
}

}  // namespace
}  // namespace mts::rpc
