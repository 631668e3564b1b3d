#include "rpc/publish_decoder.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "google/protobuf/stubs/logging.h"
#include "minitoolstream/ingress.pb.h"
#include "model/headers.h"

namespace mts::rpc {
namespace {

using minitoolstream::PublishBatchRequest;
using minitoolstream::PublishRequest;

void ExpectSame(const NewMessage& decoded, const PublishRequest& parsed) {
  EXPECT_EQ(decoded.subject, parsed.subject());
  EXPECT_EQ(decoded.payload, parsed.data());
  EXPECT_EQ(decoded.message_id, parsed.message_id());
  EXPECT_EQ(decoded.expected_last_sequence.has_value(), parsed.has_expected_last_sequence());
  EXPECT_EQ(decoded.expected_last_sequence.value_or(kNoSequence).value(), parsed.expected_last_sequence());
  EXPECT_EQ(decoded.ttl_micros.has_value(), parsed.has_ttl());
  std::map<std::string, std::string> headers;
  ForEachHeaderText(decoded.headers,
                    [&](std::string_view key, std::string_view value) { headers[std::string(key)] = value; });
  const std::map<std::string, std::string> expected(parsed.headers().begin(), parsed.headers().end());
  EXPECT_EQ(headers, expected);
  EXPECT_TRUE(ValidateEncodedHeaders(decoded.headers).ok());
}

// The decoder and the generated parser say the same of `bytes`, as a batch and as a single request.
void Compare(const std::string& bytes) {
  PublishDecoder decoder;
  PublishBatchRequest batch;
  ASSERT_EQ(decoder.DecodeBatch(bytes, 1'000'000), batch.ParseFromString(bytes));
  if (decoder.DecodeBatch(bytes, 1'000'000)) {
    ASSERT_EQ(decoder.messages().size(), static_cast<size_t>(batch.messages_size()));
    int64_t scheduled = -1;
    for (int i = 0; i < batch.messages_size(); ++i) {
      ExpectSame(decoder.messages()[i], batch.messages(i));
      if (scheduled < 0 && batch.messages(i).has_deliver_at()) scheduled = i;
    }
    EXPECT_EQ(decoder.scheduled_position(), scheduled);
  }
  PublishRequest request;
  ASSERT_EQ(decoder.DecodeRequest(bytes), request.ParseFromString(bytes));
  if (decoder.DecodeRequest(bytes)) {
    ASSERT_EQ(decoder.messages().size(), 1u);
    ExpectSame(decoder.messages()[0], request);
  }
}

class RandomRequests {
 public:
  explicit RandomRequests(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t bound) { return random_() % bound; }

  std::string Text() {
    static const std::vector<std::string> kPieces = {"a", "orders.new", "\xD0\xB0", "", "x y", std::string(300, 'l')};
    return kPieces[Below(kPieces.size())];
  }

  PublishRequest Request() {
    PublishRequest request;
    if (Below(8) != 0) request.set_subject(Text());
    if (Below(4) != 0) request.set_data(std::string(Below(600), '\xFF'));
    for (uint64_t i = Below(4) == 0 ? Below(24) : 0; i > 0; --i) (*request.mutable_headers())[Text()] = Text();
    if (Below(4) == 0) request.set_message_id(Text());
    if (Below(4) == 0) request.set_expected_last_sequence(random_());
    if (Below(8) == 0) request.mutable_ttl()->set_seconds(static_cast<int64_t>(random_()));
    if (Below(8) == 0) request.mutable_deliver_at()->set_nanos(static_cast<int32_t>(random_()));
    return request;
  }

  std::string Bytes() {
    if (Below(2) == 0) return Request().SerializeAsString();
    PublishBatchRequest batch;
    for (uint64_t i = Below(5); i > 0; --i) *batch.add_messages() = Request();
    return batch.SerializeAsString();
  }

  void Damage(std::string& bytes) {
    for (uint64_t i = 1 + Below(3); i > 0 && !bytes.empty(); --i) {
      const size_t at = Below(bytes.size());
      switch (Below(5)) {
        case 0:
          bytes[at] = static_cast<char>(random_());
          break;
        case 1:
          bytes.resize(at);
          break;
        case 2:
          bytes.insert(at, 1, static_cast<char>(random_()));
          break;
        case 3:
          bytes.erase(at, 1 + Below(3));
          break;
        case 4:
          bytes += bytes.substr(at);
          break;
      }
    }
  }

  // A few fields at random, most of them unusual.
  std::string Fields() {
    std::string bytes;
    for (uint64_t i = 1 + Below(6); i > 0; --i) {
      bytes.push_back(static_cast<char>(Below(128)));
      if (Below(3) == 0) bytes.push_back(static_cast<char>(Below(128)));
      for (uint64_t n = Below(5); n > 0; --n) bytes.push_back(static_cast<char>(Below(2) ? Below(6) : random_()));
    }
    return bytes;
  }

 private:
  std::mt19937_64 random_;
};

TEST(PublishDecoderTest, SaysTheSameAsTheGeneratedParserOfAnyBytes) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  google::protobuf::SetLogHandler(nullptr);
  RandomRequests random(seed);
  for (int round = 0; round < 30'000 && !testing::Test::HasFailure(); ++round) {
    std::string bytes = random.Below(4) == 0 ? random.Fields() : random.Bytes();
    Compare(bytes);
    random.Damage(bytes);
    Compare(bytes);
  }
}

TEST(PublishDecoderTest, RepeatedFieldsAndHeadersCountLast) {
  PublishRequest first, second;
  first.set_subject("a");
  first.set_data("1");
  (*first.mutable_headers())["k"] = "old";
  second.set_subject("b");
  (*second.mutable_headers())["k"] = "new";
  const std::string bytes = first.SerializeAsString() + second.SerializeAsString();
  PublishDecoder decoder;
  ASSERT_TRUE(decoder.DecodeRequest(bytes));
  EXPECT_EQ(decoder.messages()[0].subject, "b");
  EXPECT_EQ(decoder.messages()[0].payload, "1");
  EXPECT_EQ(HeaderText(decoder.messages()[0].headers, "k"), "new");
  Compare(bytes);
}

TEST(PublishDecoderTest, VarintsAndTagsOfUnusualLength) {
  for (const std::string& bytes :
       {std::string("\x8A\x80\x80\x80\x00\x00", 6), std::string("\x8A\x80\x80\x80\x80\x00", 6),
        std::string("\x58\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
        std::string("\x58\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"),
        std::string("\x58\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), std::string("\x0A\xFF\xFF\xFF\xFF\x0F"),
        std::string("\x0A\xFF\xFF\xFF\xFF\x07"), std::string("\x0A\x80\x80\x80\x80\x00", 6),
        std::string("\x0A\x81\x00"
                    "a",
                    4),
        std::string("\x00", 1), std::string("\x02\x01\x61"), std::string("\x0C"), std::string("\x0B\x0C"),
        std::string("\x0B\x14"), std::string("\x0F"), std::string("\x0D\x01\x02\x03\x04"),
        std::string("\x09\x01\x02")}) {
    Compare(bytes);
  }
}

TEST(PublishDecoderTest, NestingIsBoundedAsInTheGeneratedParser) {
  for (const int depth : {1, 97, 98, 99, 100, 101, 102, 10'000}) {
    // Groups of an unknown field, alone, within a message of a batch, within a header and within a ttl.
    const std::string groups = std::string(depth, '\x7B') + std::string(depth, '\x7C');
    Compare(groups);
    const auto wrap = [](char tag, const std::string& inner) {
      std::string bytes(1, tag);
      for (size_t size = inner.size(); true; size >>= 7) {
        bytes.push_back(static_cast<char>(size >= 128 ? (size | 128) : size));
        if (size < 128) break;
      }
      return bytes + inner;
    };
    Compare(wrap('\x0A', groups));
    Compare(wrap('\x0A', wrap('\x1A', groups)));
    Compare(wrap('\x1A', groups));
    Compare(wrap('\x62', groups));
    Compare(wrap('\x0A', wrap('\x6A', groups)));
  }
}

TEST(PublishDecoderTest, TextThatIsNotUtf8IsRefused) {
  for (const char tag : {'\x0A', '\x52'}) Compare(std::string{tag, 1, '\xFF'});
  Compare(std::string("\x1A\x03\x0A\x01\xFF"));
  Compare(std::string("\x1A\x03\x12\x01\xFF"));
  PublishDecoder decoder;
  EXPECT_FALSE(decoder.DecodeRequest("\x0A\x01\xFF"));
}

TEST(PublishDecoderTest, StopsSoonAfterTooManyMessages) {
  PublishBatchRequest batch;
  for (int i = 0; i < 100; ++i) batch.add_messages()->set_subject("a");
  PublishDecoder decoder;
  const std::string bytes = batch.SerializeAsString();
  ASSERT_TRUE(decoder.DecodeBatch(bytes, 10));
  EXPECT_EQ(decoder.messages().size(), 11u);
}

}  // namespace
}  // namespace mts::rpc
