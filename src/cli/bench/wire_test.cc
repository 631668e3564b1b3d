// The hand-made wire form against the generated one.
#include "cli/bench/wire.h"

#include <gtest/gtest.h>

#include <random>

#include "base/crc32c.h"
#include "minitoolstream/egress.pb.h"
#include "minitoolstream/ingress.pb.h"

namespace mts::cli {
namespace {

namespace pb = ::minitoolstream;

// In pieces of random length, as messages come from a connection.
grpc::ByteBuffer InPieces(const std::string& bytes, std::mt19937& random) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = std::min<size_t>(bytes.size() - at, 1 + random() % 50);
    slices.emplace_back(bytes.substr(at, length));
    at += length;
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

TEST(Wire, RequestsAreWhatTheContractSays) {
  std::string encoded;
  AppendBatchEntry(encoded, {"orders.7", std::string(300, 'x'), "id-1"});
  AppendBatchEntry(encoded, {"other", "", ""});
  pb::PublishBatchRequest batch;
  ASSERT_TRUE(batch.ParseFromString(encoded));
  ASSERT_EQ(batch.messages_size(), 2);
  EXPECT_EQ(batch.messages(0).subject(), "orders.7");
  EXPECT_EQ(batch.messages(0).data(), std::string(300, 'x'));
  EXPECT_EQ(batch.messages(0).message_id(), "id-1");
  EXPECT_EQ(batch.messages(1).subject(), "other");
  EXPECT_TRUE(batch.messages(1).data().empty());

  pb::UploadRequest upload;
  ASSERT_TRUE(upload.ParseFromString(EncodeUploadChunk("bytes")));
  EXPECT_EQ(upload.chunk(), "bytes");
}

TEST(Wire, RefusalsAreFound) {
  std::mt19937 random(1);
  pb::PublishBatchResponse answer;
  answer.set_first_sequence(5);
  answer.set_last_sequence(1'000'000);
  EXPECT_TRUE(ScanPublishAnswer(InPieces(answer.SerializeAsString(), random)).ok());
  answer.set_status_code(9);
  answer.set_error_message("not the last sequence");
  const absl::Status refusal = ScanPublishAnswer(InPieces(answer.SerializeAsString(), random));
  EXPECT_TRUE(absl::IsFailedPrecondition(refusal));
  EXPECT_EQ(refusal.message(), "refused by the server: not the last sequence");
}

TEST(Wire, BatchesAreCountedWithoutParsing) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    pb::MessageBatch batch;
    for (unsigned count = random() % 20; static_cast<unsigned>(batch.messages_size()) < count;) {
      pb::Message& message = *batch.add_messages();
      message.set_subject("s");
      message.set_sequence(random());
      message.set_data(std::string(random() % 300, 'd'));
      (*message.mutable_headers())["k"] = "v";
      message.mutable_timestamp()->set_seconds(random());
    }
    const ScannedBatch scanned = ScanMessageBatch(InPieces(batch.SerializeAsString(), random));
    EXPECT_EQ(scanned.messages, static_cast<uint64_t>(batch.messages_size()));
    if (batch.messages_size() == 0) continue;
    const pb::Message& last = batch.messages(batch.messages_size() - 1);
    EXPECT_EQ(scanned.last_sequence, last.sequence());
    EXPECT_EQ(ScanSequence(InPieces(last.SerializeAsString(), random)), last.sequence());
  }
}

TEST(Wire, ChunksGiveTheirBytesAndChecksum) {
  std::mt19937 random(2);
  pb::DownloadChunk chunk;
  chunk.set_data(std::string(1000, 'c'));
  chunk.set_size(5000);
  chunk.set_crc32c(0xdeadbeef);
  std::string data;
  const ScannedChunk scanned = ScanDownloadChunk(InPieces(chunk.SerializeAsString(), random),
                                                 [&](std::string_view piece) { data.append(piece); });
  EXPECT_EQ(scanned.bytes, 1000u);
  EXPECT_EQ(scanned.payload_crc, 0xdeadbeefu);
  EXPECT_EQ(data, chunk.data());
}

TEST(Wire, ForeignBytesEndTheScan) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 100, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const grpc::ByteBuffer buffer = InPieces(bytes, random);
    ScanMessageBatch(buffer);
    ScanSequence(buffer);
    ScanDownloadChunk(buffer, nullptr);
    ScanPublishAnswer(buffer).IgnoreError();
  }
}

}  // namespace
}  // namespace mts::cli
