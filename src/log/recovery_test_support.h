// For the tests of recovery: writes logs byte by byte as the committer would, and a segment set that records what it is
// told. Threading: one thread.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "io/fault_file_system.h"
#include "log/format.h"
#include "log/segment_set.h"
#include "log/state.h"

namespace mts::log {

inline constexpr char kLogDirectory[] = "/data/log";

inline std::string LogPath(const std::string& name) { return io::JoinPath(kLogDirectory, name); }

// Groups in segments. synced_through is the end of the group before, as with durability `commit`.
class LogWriter {
 public:
  explicit LogWriter(io::FileSystem& files, uint64_t capacity = 64 * 1024) : files_(files), capacity_(capacity) {
    files_.CreateDirectories(kLogDirectory).IgnoreError();
  }

  uint64_t identity() const { return identity_; }
  uint64_t end() const { return end_; }
  SegmentNumber number() const { return number_; }
  std::string path() const { return LogPath(SegmentFileName(number_)); }
  Sequence last_sequence() const { return Sequence(sequence_); }
  LogPosition position() const { return {number_, end_}; }
  // What the next group says to be durable; else all groups before it.
  void SetSynced(LogPosition synced) { synced_ = synced; }
  void SkipGroups(uint64_t count) { group_ += count; }
  void SkipSequences(uint64_t count) { sequence_ += count; }

  LogWriter& Open(uint64_t number) {
    number_ = SegmentNumber(number);
    identity_ = 0xABCDEF0000000000 + number + 1000 * group_;
    SegmentHeader header;
    header.identity = identity_;
    header.number = number_;
    header.first_sequence = Sequence(sequence_ + 1);
    header.capacity = capacity_;
    header.opened = Timestamp(time_);
    // The seal, if it is still to come, is a group too.
    header.first_group = GroupNumber(group_);
    file_ = *files_.Open(path(), io::OpenMode::kCreateOrTruncate);
    file_->Allocate(capacity_).IgnoreError();
    Write(0, EncodeSegmentHeader(header));
    end_ = kSegmentHeaderBytes;
    seal_ = {};
    return *this;
  }

  // The records of the next group, then Commit.
  LogWriter& Message(std::string_view subject, std::string_view payload, std::string_view id = {},
                     const PayloadReference* reference = nullptr) {
    NewMessage message;
    message.subject = subject;
    message.payload = payload;
    message.message_id = id;
    message.reference = reference;
    std::string body(MessageBodyBytes(message), '\0');
    EncodeMessageBody(message, body.data());
    ++sequence_;
    if (seal_.messages++ == 0) seal_.first = Sequence(sequence_);
    seal_.last = Sequence(sequence_);
    return Record(RecordType::kMessage, body);
  }
  LogWriter& Record(RecordType type, std::string_view body, uint8_t flags = 0) {
    offsets_.push_back(end_ + kGroupHeaderBytes + records_.size());
    AppendRecord(records_, type, flags, body, Sequence(sequence_), Timestamp(time_), identity_);
    ++record_count_;
    return *this;
  }
  // Answers where the group begins.
  uint64_t Commit() {
    GroupHeader header;
    header.identity = identity_;
    header.offset = end_;
    header.number = GroupNumber(group_++);
    header.length = static_cast<uint32_t>(records_.size());
    header.record_count = record_count_;
    header.synced_through = synced_;
    header.time = Timestamp(time_);
    header.last_sequence = Sequence(sequence_);
    std::string bytes(kGroupHeaderBytes, '\0');
    EncodeGroupHeader(header, bytes.data());
    bytes += records_;
    Write(end_, bytes);
    const uint64_t at = end_;
    end_ += bytes.size();
    synced_ = position();
    records_.clear();
    record_count_ = 0;
    last_offsets_ = std::move(offsets_);
    offsets_.clear();
    time_ += 1000;
    return at;
  }
  // One group of one message.
  uint64_t Publish(std::string_view subject, std::string_view payload, std::string_view id = {}) {
    return Message(subject, payload, id).Commit();
  }
  uint64_t Seal() { return Record(RecordType::kSeal, EncodeSeal(seal_)).Commit(); }

  // Offsets of the records of the last group.
  const std::vector<uint64_t>& record_offsets() const { return last_offsets_; }
  void Write(uint64_t offset, std::string_view bytes) { file_->Write(offset, bytes).IgnoreError(); }
  void Truncate(uint64_t size) { file_->Truncate(size).IgnoreError(); }
  // Flips a bit on the disk.
  void Flip(uint64_t offset) { FlipIn(path(), offset); }
  void FlipIn(const std::string& path, uint64_t offset) {
    auto file = *files_.Open(path, io::OpenMode::kReadWrite);
    char byte = 0;
    file->ReadExactly(offset, absl::MakeSpan(&byte, 1)).IgnoreError();
    byte = static_cast<char>(byte ^ 4);
    file->Write(offset, {&byte, 1}).IgnoreError();
  }

 private:
  io::FileSystem& files_;
  const uint64_t capacity_;
  std::unique_ptr<io::File> file_;
  SegmentNumber number_;
  uint64_t identity_ = 0;
  uint64_t end_ = 0;
  uint64_t group_ = 1;
  uint64_t sequence_ = 0;
  int64_t time_ = 1'700'000'000'000'000;
  LogPosition synced_;
  SealBody seal_;
  std::string records_;
  uint32_t record_count_ = 0;
  std::vector<uint64_t> offsets_;
  std::vector<uint64_t> last_offsets_;
};

// What a segment set was told, by names. Its "indexes" live on in the map and as .index files (empty ones), so that a
// later set adopts them.
struct RecordedMessage {
  std::string subject;
  Sequence sequence;
  uint64_t offset = 0;
  uint64_t payload_bytes = 0;
};
using RecordedIndexes = std::map<SegmentNumber, std::vector<RecordedMessage>>;

class RecordingSegmentSet : public SegmentSet {
 public:
  RecordingSegmentSet(io::FileSystem& files, const Catalogue& catalogue, RecordedIndexes& indexes)
      : files_(files), catalogue_(catalogue), indexes_(indexes) {}

  absl::Status AdoptIndexed(const SegmentSummary& summary) override {
    const auto exists = files_.Exists(LogPath(IndexFileName(summary.number)));
    if (!exists.ok() || !*exists || !indexes_.contains(summary.number)) return absl::NotFoundError("no index");
    if (indexes_[summary.number].size() != summary.messages) return absl::DataLossError("another number of messages");
    segments_.push_back({summary, indexes_[summary.number], nullptr});
    adopted_.push_back(summary.number.value());
    return absl::OkStatus();
  }
  void OpenSegment(SegmentNumber number, uint64_t identity, std::shared_ptr<io::File> file) override {
    Segment segment;
    segment.summary.number = number;
    segment.summary.identity = identity;
    segment.file = std::move(file);
    segments_.push_back(std::move(segment));
  }
  void Add(absl::Span<const VisibleMessage> messages, Timestamp time) override {
    Segment& segment = segments_.back();
    for (const VisibleMessage& message : messages) {
      if (segment.summary.messages++ == 0) {
        segment.summary.first = message.sequence;
        segment.summary.first_time = time;
      }
      segment.summary.last = message.sequence;
      segment.summary.last_time = time;
      segment.summary.payload_bytes += message.payload_bytes;
      segment.messages.push_back({std::string(catalogue_.Name(message.subject)), message.sequence,
                                  uint64_t{message.record_offset8} * kAlignment, message.payload_bytes});
    }
  }
  void Seal(uint64_t end) override {
    Segment& segment = segments_.back();
    segment.summary.end = end;
    indexes_[segment.summary.number] = segment.messages;
    auto index = files_.Open(LogPath(IndexFileName(segment.summary.number)), io::OpenMode::kCreateOrTruncate);
  }
  absl::Status DescribeFront(absl::FunctionRef<void(const SubjectTotal&)> subject,
                             absl::FunctionRef<void(const Location&)> reference) override {
    for (const RecordedMessage& message : segments_.front().messages)
      subject({message.subject, 1, message.payload_bytes});
    return absl::OkStatus();
  }
  std::shared_ptr<io::File> RemoveFront() override {
    segments_.erase(segments_.begin());
    return nullptr;
  }
  std::vector<SegmentSummary> Summaries() const override {
    std::vector<SegmentSummary> summaries;
    for (const Segment& segment : segments_) summaries.push_back(segment.summary);
    return summaries;
  }
  std::optional<SegmentSummary> Front() const override {
    if (segments_.empty()) return std::nullopt;
    return segments_.front().summary;
  }
  uint64_t segment_count() const override { return segments_.size(); }
  void FinishIndexing() override {}
  absl::StatusOr<Found> Find(const Pattern&, Sequence, Sequence, uint32_t) override { return Found{}; }
  absl::StatusOr<Location> FindOne(Sequence) override { return absl::NotFoundError("not recorded"); }
  absl::StatusOr<uint64_t> CountAfter(const Pattern&, Sequence) override { return 0; }
  uint64_t damaged_indexes() const override { return 0; }

  // Sequences of all messages, in order.
  std::vector<uint64_t> sequences() const {
    std::vector<uint64_t> sequences;
    for (const Segment& segment : segments_) {
      for (const RecordedMessage& message : segment.messages) sequences.push_back(message.sequence.value());
    }
    return sequences;
  }
  // True when each message can be read where the set was told that it lies.
  bool AllReadable() const {
    for (const Segment& segment : segments_) {
      const auto file = files_.Open(LogPath(SegmentFileName(segment.summary.number)), io::OpenMode::kRead);
      if (!file.ok()) return false;
      for (const RecordedMessage& message : segment.messages) {
        char bytes[kRecordHeaderBytes];
        if (!(*file)->ReadExactly(message.offset, absl::MakeSpan(bytes)).ok()) return false;
        const auto header = DecodeRecordHeader({bytes, kRecordHeaderBytes}, segment.summary.identity);
        if (!header || header->sequence != message.sequence) return false;
      }
    }
    return true;
  }
  const std::vector<uint64_t>& adopted() const { return adopted_; }

 private:
  struct Segment {
    SegmentSummary summary;
    std::vector<RecordedMessage> messages;
    std::shared_ptr<io::File> file;
  };

  io::FileSystem& files_;
  const Catalogue& catalogue_;
  RecordedIndexes& indexes_;
  std::vector<Segment> segments_;
  std::vector<uint64_t> adopted_;
};

}  // namespace mts::log
