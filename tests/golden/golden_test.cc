// Reads the data directory that version 1 wrote (tests/golden/v1), and checks that its bytes are what
// docs/log_format.md says and what the writer would write today. With MTS_WRITE_GOLDEN=DIR it writes such a directory
// instead; that is done once for a format version and then never again.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/file_system.h"
#include "store/embedded/embedded_store.h"
#include "tests/wait_for.h"

namespace mts::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class GoldenTest : public ::testing::Test {
 protected:
  std::unique_ptr<EmbeddedStore> Open(const fs::path& directory) {
    EmbeddedOptions options;
    options.data_dir = directory.string();
    options.log.files = &io::PosixFileSystem();
    options.log.clock = &clock_;
    options.log.segment_bytes = 1 << 20;
    options.log.prepared_segments = 0;
    options.log.min_free_bytes = 0;
    options.log.checkpoint_min_bytes = 64 << 10;
    absl::StatusOr<std::unique_ptr<EmbeddedStore>> store = EmbeddedStore::Open(options);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  // Two segments: one sealed with its index, a checkpoint, then messages of every kind behind it.
  void Write(const fs::path& directory) {
    std::unique_ptr<EmbeddedStore> store = Open(directory);
    ASSERT_NE(store, nullptr);
    const std::string filler(100'000, 'f');
    NewMessage message;
    for (int i = 0; i < 12; ++i) {
      message.subject = "filler";
      message.payload = filler;
      Append(*store, {message});
    }
    NewMessage with_headers;
    with_headers.subject = "orders.new";
    with_headers.headers = "\x81\xa1k\xa1v";
    with_headers.payload = "text";
    with_headers.message_id = "id-1";
    PayloadReference named;
    named.kind = PayloadKind::kNamed;
    named.key = "minio/orders/12345.json";
    NewMessage by_reference;
    by_reference.subject = "orders.old";
    by_reference.reference = &named;
    by_reference.ttl_micros = 5'000'000;
    Append(*store, {with_headers, by_reference});
    const auto position = WaitFor<absl::StatusOr<Sequence>>([&](auto done) {
      store->Advance({"reader", "orders.*"}, Sequence(13), std::move(done));
    });
    ASSERT_TRUE(position.ok()) << position.status();
    store->log().FinishIndexing();
  }
  static void Append(EmbeddedStore& store, std::vector<NewMessage> batch) {
    const auto outcome = WaitFor<AppendOutcome>([&](auto done) { store.Append(batch, std::move(done)); });
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  }

  ManualClock clock_;
};

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(GoldenTest, ADirectoryOfVersion1IsReadWhole) {
  if (const char* directory = std::getenv("MTS_WRITE_GOLDEN")) return Write(directory);
  const fs::path copy = fs::path(::testing::TempDir()) / "golden-v1";
  fs::remove_all(copy);
  fs::copy(fs::path(MTS_GOLDEN_DIR) / "v1", copy, fs::copy_options::recursive);
  std::unique_ptr<EmbeddedStore> store = Open(copy);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->log().counters().damaged_spots, 0U);
  EXPECT_EQ(store->log().counters().cut_bytes, 0U);

  ReadRequest request;
  request.pattern = *Pattern::Parse("orders.*");
  request.max_messages = 10;
  const auto block =
      WaitFor<absl::StatusOr<MessageBlockPtr>>([&](auto done) { store->Read(request, std::move(done)); });
  ASSERT_TRUE(block.ok()) << block.status();
  const std::vector<StoredMessage>& messages = (*block)->messages;
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].subject, "orders.new");
  EXPECT_EQ(messages[0].sequence, Sequence(13));
  EXPECT_EQ(messages[0].time, Timestamp(1'700'000'000'000'000));
  EXPECT_EQ(messages[0].headers, "\x81\xa1k\xa1v");
  EXPECT_EQ(messages[0].payload, "text");
  ASSERT_TRUE(messages[1].reference.has_value());
  EXPECT_EQ(messages[1].reference->key, "minio/orders/12345.json");

  request.pattern = Pattern::Exact("filler");
  request.max_messages = 100;
  const auto filler =
      WaitFor<absl::StatusOr<MessageBlockPtr>>([&](auto done) { store->Read(request, std::move(done)); });
  ASSERT_EQ((*filler)->messages.size(), 12U);
  EXPECT_EQ((*filler)->messages[11].payload, std::string(100'000, 'f'));
  const auto position = WaitFor<absl::StatusOr<std::optional<Sequence>>>([&](auto done) {
    store->Position({"reader", "orders.*"}, std::move(done));
  });
  EXPECT_EQ(**position, Sequence(13));

  NewMessage again;
  again.subject = "orders.new";
  again.message_id = "id-1";
  const auto outcome =
      WaitFor<AppendOutcome>([&](auto done) { store->Append(absl::MakeConstSpan(&again, 1), std::move(done)); });
  EXPECT_THAT(outcome.result.duplicates, ::testing::SizeIs(1));
}

TEST_F(GoldenTest, TheWriterStillWritesTheBytesOfVersion1) {
  const std::string bytes = ReadFile(fs::path(MTS_GOLDEN_DIR) / "v1/log" / log::SegmentFileName(log::SegmentNumber(1)));
  ASSERT_GE(bytes.size(), log::kSegmentHeaderBytes + log::kGroupHeaderBytes);
  const auto header = log::DecodeSegmentHeader(bytes);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(log::EncodeSegmentHeader(*header), bytes.substr(0, log::kSegmentHeaderBytes));

  const uint64_t offset = log::kSegmentHeaderBytes;
  const auto group = log::DecodeGroupHeader(std::string_view(bytes).substr(offset), header->identity, offset);
  ASSERT_TRUE(group.has_value());
  std::string group_bytes(log::kGroupHeaderBytes, '\0');
  log::EncodeGroupHeader(*group, group_bytes.data());
  EXPECT_EQ(group_bytes, bytes.substr(offset, log::kGroupHeaderBytes));

  const std::string_view record = std::string_view(bytes).substr(offset + log::kGroupHeaderBytes);
  const auto record_header = log::DecodeRecordHeader(record, header->identity);
  ASSERT_TRUE(record_header.has_value());
  NewMessage message;
  const std::string payload(100'000, 'f');
  message.subject = "filler";
  message.payload = payload;
  std::string body(log::MessageBodyBytes(message), '\0');
  EXPECT_EQ(log::EncodeMessageBody(message, body.data()), record_header->body_crc);
  EXPECT_EQ(body, record.substr(log::kRecordHeaderBytes, record_header->body_length));
}

}  // namespace
}  // namespace mts::store
