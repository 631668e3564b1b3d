// For tests of this room: a real engine with payload files on a simulated disk, filled with messages of every kind, and
// the means to damage what it left behind.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gtest/gtest.h"
#include "io/fault_file_system.h"
#include "log/format.h"
#include "log/segment_scanner.h"
#include "maintenance/doctor.h"
#include "store/embedded/embedded_store.h"
#include "store/files/payload_files.h"
#include "tests/wait_for.h"

namespace mts::maintenance {

// What a reader gets.
struct SeenMessage {
  std::string subject;
  std::string payload;  // "(unreadable)" when its payload file is
  bool operator==(const SeenMessage&) const = default;
};
using SeenMessages = std::map<uint64_t, SeenMessage>;  // by sequence

class MaintenanceFixture : public ::testing::Test {
 protected:
  static constexpr char kData[] = "/data";

  void Start(const std::string& data_dir = kData) {
    store::PayloadFiles::Options file_options;
    file_options.files = &disk_;
    file_options.directory = data_dir + "/payloads";
    file_options.min_free_bytes = 0;
    file_options.write_threads = 1;
    file_options.read_threads = 1;
    payloads_ = *store::PayloadFiles::Open(std::move(file_options));
    store::PayloadFiles& files = *payloads_;
    store::EmbeddedOptions options;
    options.data_dir = data_dir;
    options.reader_threads = 1;
    options.log.files = &disk_;
    options.log.clock = &clock_;
    options.log.segment_bytes = 64 << 10;
    options.log.prepared_segments = 0;
    options.log.min_free_bytes = 0;
    options.log.checkpoint_min_bytes = 150 << 10;
    options.log.keep_payloads = [&files](const auto& references) { files.Keep(references); };
    options.log.sync_payloads = [&files] { return files.SyncKept(); };
    options.log.recover_payloads = [&files](const auto& named) { return files.Recover(named); };
    options.log.remove_payloads = [&files](const auto& references, auto done) {
      files.Remove(references, std::move(done));
    };
    auto store = store::EmbeddedStore::Open(std::move(options));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Stop() {
    if (store_ != nullptr) {
      store_->log().FinishIndexing();
      store_->Shutdown();
    }
    store_.reset();
    payloads_.reset();
  }

  uint64_t Publish(const std::string& subject, const std::string& payload,
                   const PayloadReference* reference = nullptr) {
    NewMessage message;
    message.subject = subject;
    message.payload = reference == nullptr ? payload : std::string_view();
    message.reference = reference;
    const auto outcome = WaitFor<store::AppendOutcome>(
        [&](auto done) { store_->Append(absl::MakeConstSpan(&message, 1), std::move(done)); });
    EXPECT_TRUE(outcome.status.ok()) << outcome.status;
    return outcome.result.last.value();
  }
  uint64_t PublishFile(const std::string& subject, const std::string& payload) {
    const auto reference = WaitFor<absl::StatusOr<PayloadReference>>(
        [&](auto done) { payloads_->Put(subject, payload, std::move(done)); });
    EXPECT_TRUE(reference.ok()) << reference.status();
    return Publish(subject, payload, &*reference);
  }
  // `count` messages over five subjects, each tenth with a payload file, and positions.
  void Fill(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string subject = Concat("s.", i % 5);
      std::string payload = Concat("payload ", filled_, " ");
      payload.append(static_cast<size_t>(400 + 37 * (i % 29)), static_cast<char>('a' + i % 26));
      ++filled_;
      const uint64_t sequence = i % 10 == 3 ? PublishFile(subject, payload + payload) : Publish(subject, payload);
      if (i % 17 == 0) Advance(subject, sequence);
    }
  }
  void Advance(const std::string& subject, uint64_t sequence) {
    const auto position = WaitFor<absl::StatusOr<Sequence>>([&](auto done) {
      store_->Advance({"reader", subject}, Sequence(sequence), std::move(done));
    });
    EXPECT_TRUE(position.ok()) << position.status();
  }
  std::map<std::string, uint64_t> Positions() {
    std::map<std::string, uint64_t> positions;
    for (int i = 0; i < 5; ++i) {
      const std::string subject = Concat("s.", i);
      const auto position = WaitFor<absl::StatusOr<std::optional<Sequence>>>([&](auto done) {
        store_->Position({"reader", subject}, std::move(done));
      });
      if (position.ok() && *position) positions[subject] = (*position)->value();
    }
    return positions;
  }

  SeenMessages ReadAll() {
    SeenMessages seen;
    store::ReadRequest request;
    request.max_messages = 100;
    for (;;) {
      const auto block =
          WaitFor<absl::StatusOr<store::MessageBlockPtr>>([&](auto done) { store_->Read(request, std::move(done)); });
      EXPECT_TRUE(block.ok()) << block.status();
      if (!block.ok()) return seen;
      for (const StoredMessage& message : (*block)->messages) {
        request.after = message.sequence;
        seen[message.sequence.value()] = {std::string(message.subject), PayloadOf(message)};
      }
      if ((*block)->messages.empty() && (*block)->scanned_through <= request.after) return seen;
      request.after = std::max(request.after, (*block)->scanned_through);
    }
  }
  std::string PayloadOf(const StoredMessage& message) {
    if (!message.reference) return std::string(message.payload);
    const auto payload = WaitFor<absl::StatusOr<std::string>>(
        [&](auto done) { payloads_->Get(*message.reference, 0, message.reference->size, std::move(done)); });
    return payload.ok() ? *payload : "(unreadable)";
  }
  SeenMessages StartAndReadAll() {
    Start();
    return ReadAll();
  }

  DoctorOptions Options() {
    DoctorOptions options;
    options.files = &disk_;
    options.data_dir = kData;
    options.clock = &clock_;
    return options;
  }
  Report MustExamine() {
    const auto report = Examine(Options());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : Report{};
  }
  Repaired MustRepair() {
    clock_.Advance(1'000'000);
    const auto repaired = ExamineAndRepair(Options());
    EXPECT_TRUE(repaired.ok()) << repaired.status();
    return repaired.ok() ? *repaired : Repaired{};
  }

  // ---- Files
  std::string LogPath(const std::string& name) { return Concat(kData, "/log/", name); }
  std::string SegmentPath(uint64_t number) { return LogPath(log::SegmentFileName(log::SegmentNumber(number))); }
  std::string IndexPath(uint64_t number) { return LogPath(log::IndexFileName(log::SegmentNumber(number))); }
  std::vector<std::string> FilesBelow(const std::string& directory) {
    std::vector<std::string> files;
    const auto names = disk_.List(directory);
    if (!names.ok()) return files;
    for (const std::string& name : *names) {
      const std::string path = directory + "/" + name;
      if (!disk_.List(path).ok()) {
        files.push_back(path);
        continue;
      }
      for (std::string& file : FilesBelow(path)) files.push_back(std::move(file));
    }
    return files;
  }
  std::vector<std::string> PayloadPaths() { return FilesBelow(std::string(kData) + "/payloads"); }
  std::string Contents(const std::string& path) { return *io::ReadWholeFile(disk_, path, 64 << 20); }
  void Flip(const std::string& path, uint64_t offset, char mask = 4) {
    const char byte = static_cast<char>(Contents(path)[offset] ^ mask);
    disk_.Damage(path, offset, {&byte, 1});
  }
  void Truncate(const std::string& path, uint64_t size) {
    ASSERT_TRUE((*disk_.Open(path, io::OpenMode::kReadWrite))->Truncate(size).ok());
  }

  // Where things lie in a segment.
  struct Place {
    uint64_t group = 0;
    uint64_t record = 0;
    uint64_t bytes = 0;
    log::RecordType type = log::RecordType::kMessage;
    std::string subject;
    uint64_t sequence = 0;
  };
  std::vector<Place> Places(uint64_t number) {
    std::vector<Place> places;
    const auto file = *disk_.Open(SegmentPath(number), io::OpenMode::kRead);
    const std::string bytes = Contents(SegmentPath(number));
    const auto header = *log::DecodeSegmentHeader(bytes);
    log::SegmentScanner scanner(*file, header.identity, log::kSegmentHeaderBytes, bytes.size());
    for (;;) {
      const auto group = *scanner.Next();
      if (!group) return places;
      const absl::Status status = scanner.ForEachRecord(
          *group, [](uint64_t, uint64_t, std::string_view) {},
          [&](const log::ScannedRecord& record) {
            const auto body = log::DecodeMessageBody(record.body);
            const bool message = record.header.type == log::RecordType::kMessage;
            places.push_back({group->header.offset, record.offset, record.header.TotalBytes(), record.header.type,
                              message ? std::string(body->subject) : "", record.header.sequence.value()});
            return absl::OkStatus();
          });
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  // Some message in the middle of a segment.
  Place MessageIn(uint64_t number) {
    const std::vector<Place> places = Places(number);
    for (size_t i = places.size() / 2; i < places.size(); ++i) {
      if (places[i].type == log::RecordType::kMessage) return places[i];
    }
    return {};
  }

  io::FaultFileSystem disk_;
  ManualClock clock_;
  std::unique_ptr<store::PayloadFiles> payloads_;
  std::unique_ptr<store::EmbeddedStore> store_;
  int filled_ = 0;
};

}  // namespace mts::maintenance
