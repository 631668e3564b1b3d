// For the tests of the segment set: real segment files on the simulated disk, a set over them, and the plain truth to
// compare it with. Threading: one thread writes; FindAsTruth may be asked by that thread only.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/fault_file_system.h"
#include "log/recovery_test_support.h"
#include "log/segment_set.h"

namespace mts::log {

class SegmentSetWorld {
 public:
  struct Message {
    std::string subject;
    uint64_t sequence = 0;
    uint64_t segment = 0;
    uint64_t offset = 0;
    uint64_t bytes = 0;
    bool reference = false;
    bool operator==(const Message&) const = default;
  };
  struct NewMessage {
    std::string subject;
    uint64_t bytes = 20;
    bool reference = false;
  };

  // With groups before, segments of the same numbers have other identities.
  explicit SegmentSetWorld(uint64_t groups_before = 0) : catalogue_(1'000'000), writer_(files_, uint64_t{1} << 20) {
    writer_.SkipGroups(groups_before);
    Open();
  }

  io::FaultFileSystem& files() { return files_; }
  SegmentSet& set() { return *set_; }
  Catalogue& catalogue() { return catalogue_; }
  const std::vector<Message>& messages() const { return messages_; }
  uint64_t last() const { return writer_.last_sequence().value(); }
  uint64_t next_segment() const { return next_segment_; }
  bool has_active() const { return active_; }
  const std::vector<SegmentSummary>& sealed() const { return sealed_; }
  std::shared_ptr<io::File> OpenFile(uint64_t number) {
    return *files_.Open(LogPath(SegmentFileName(SegmentNumber(number))), io::OpenMode::kReadWrite);
  }

  void OpenSegment() {
    writer_.Open(next_segment_);
    set_->OpenSegment(SegmentNumber(next_segment_), writer_.identity(), OpenFile(next_segment_));
    ++next_segment_;
    active_ = true;
  }
  // One group; `gap` sequences are left out before it.
  void Add(const std::vector<NewMessage>& batch, uint64_t gap = 0) {
    if (!active_) OpenSegment();
    writer_.SkipSequences(gap);
    std::vector<VisibleMessage> visible;
    const size_t first = messages_.size();
    for (const NewMessage& message : batch) {
      PayloadReference reference;
      reference.kind = PayloadKind::kStored;
      reference.size = message.bytes;
      reference.key = "k";
      const std::string payload(message.reference ? 0 : message.bytes, 'p');
      writer_.Message(message.subject, payload, {}, message.reference ? &reference : nullptr);
      messages_.push_back({message.subject, last(), writer_.number().value(), 0, message.bytes, message.reference});
    }
    writer_.Commit();
    for (size_t i = 0; i < batch.size(); ++i) {
      Message& message = messages_[first + i];
      message.offset = writer_.record_offsets()[i];
      const SubjectId subject = *catalogue_.FindOrCreate(message.subject);
      catalogue_.Accept(subject, Sequence(message.sequence));
      visible.push_back({subject, static_cast<uint32_t>(message.offset / 8), Sequence(message.sequence), message.bytes,
                         message.reference});
    }
    set_->Add(visible, Timestamp(static_cast<int64_t>(messages_.back().sequence)));
    catalogue_.MakeVisible(visible, Timestamp(1));
  }
  void Seal() {
    if (!active_) OpenSegment();
    writer_.Seal();
    set_->Seal(writer_.end());
    sealed_.push_back(set_->Summaries().back());
    active_ = false;
  }
  // As retention does it; the file is unlinked unless it may be used again.
  std::shared_ptr<io::File> RemoveFront() {
    const uint64_t number = sealed_.front().number.value();
    EXPECT_TRUE(set_->DescribeFront(
                        [&](const SegmentSet::SubjectTotal& total) {
                          catalogue_.Removed(*catalogue_.Find(total.subject), total.messages, total.payload_bytes,
                                             Sequence(sealed_.front().last.value() + 1));
                        },
                        [](const SegmentSet::Location&) {})
                    .ok());
    std::shared_ptr<io::File> file = set_->RemoveFront();
    files_.Remove(LogPath(SegmentFileName(SegmentNumber(number)))).IgnoreError();
    sealed_.erase(sealed_.begin());
    std::erase_if(messages_, [number](const Message& message) { return message.segment == number; });
    return file;
  }
  // As a start after a clean end: adopts what it can, scans the rest. Answers how many were adopted.
  size_t Restart() {
    if (active_) Seal();
    set_->FinishIndexing();
    Close();
    return Reopen();
  }
  void Close() { set_.reset(); }
  size_t Reopen() {
    Open();
    size_t adopted = 0;
    for (const SegmentSummary& summary : sealed_) {
      if (set_->AdoptIndexed(summary).ok()) {
        ++adopted;
      } else {
        AddAgain(summary);
      }
    }
    return adopted;
  }
  std::string IndexPath(uint64_t number) const { return LogPath(IndexFileName(SegmentNumber(number))); }
  std::vector<std::string> FilesNamed(std::string_view part) {
    std::vector<std::string> found;
    const std::vector<std::string> names = *files_.List(kLogDirectory);
    for (const std::string& name : names) {
      if (name.find(part) != std::string::npos) found.push_back(name);
    }
    return found;
  }

  // ---- The truth
  std::vector<Message> FindAsTruth(const Pattern& pattern, uint64_t after, uint64_t through, size_t limit) const {
    std::vector<Message> found;
    for (const Message& message : messages_) {
      if (message.sequence > after && message.sequence <= through && found.size() < limit &&
          pattern.Matches(message.subject)) {
        found.push_back(message);
      }
    }
    return found;
  }
  void ExpectSame(const Pattern& pattern, uint64_t after, uint64_t through, uint32_t limit) {
    SCOPED_TRACE(Concat(pattern.ToString(), " after ", after, " through ", through, " limit ", limit));
    const auto found = set_->Find(pattern, Sequence(after), Sequence(through), limit);
    ASSERT_TRUE(found.ok()) << found.status();
    const std::vector<Message> truth = FindAsTruth(pattern, after, through, limit);
    ASSERT_EQ(found->locations.size(), truth.size());
    for (size_t i = 0; i < truth.size(); ++i) {
      const SegmentSet::Location& location = found->locations[i];
      ASSERT_EQ(location.sequence.value(), truth[i].sequence);
      ASSERT_EQ(location.segment.value(), truth[i].segment);
      ASSERT_EQ(location.offset, truth[i].offset);
    }
    if (!truth.empty()) ExpectReadable(found->locations.back());
    const uint64_t scanned = truth.size() == limit ? truth.back().sequence : std::max(after, through);
    EXPECT_EQ(found->scanned_through.value(), scanned);
    const auto count = set_->CountAfter(pattern, Sequence(after));
    ASSERT_TRUE(count.ok()) << count.status();
    EXPECT_EQ(*count, FindAsTruth(pattern, after, UINT64_MAX, SIZE_MAX).size());
  }
  void ExpectReadable(const SegmentSet::Location& location) {
    char bytes[kRecordHeaderBytes];
    ASSERT_TRUE(location.file->ReadExactly(location.offset, absl::MakeSpan(bytes)).ok());
    const auto header = DecodeRecordHeader({bytes, kRecordHeaderBytes}, location.identity);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->sequence, location.sequence);
  }
  void ExpectOne(uint64_t sequence) {
    const auto found = set_->FindOne(Sequence(sequence));
    const auto truth = std::find_if(messages_.begin(), messages_.end(),
                                    [sequence](const Message& message) { return message.sequence == sequence; });
    if (truth == messages_.end()) {
      EXPECT_TRUE(absl::IsNotFound(found.status())) << sequence << " " << found.status();
      return;
    }
    ASSERT_TRUE(found.ok()) << sequence << " " << found.status();
    EXPECT_EQ(found->offset, truth->offset);
    EXPECT_EQ(found->segment.value(), truth->segment);
    ExpectReadable(*found);
  }

 private:
  void Open() {
    SegmentSet::Options options;
    options.files = &files_;
    options.directory = kLogDirectory;
    options.catalogue = &catalogue_;
    options.cache_bytes = 256 * 1024;
    set_ = *SegmentSet::Create(options);
  }
  void AddAgain(const SegmentSummary& summary) {
    set_->OpenSegment(summary.number, summary.identity, OpenFile(summary.number.value()));
    for (const Message& message : messages_) {
      if (message.segment != summary.number.value()) continue;
      const VisibleMessage visible{*catalogue_.Find(message.subject), static_cast<uint32_t>(message.offset / 8),
                                   Sequence(message.sequence), message.bytes, message.reference};
      set_->Add({&visible, 1}, Timestamp(static_cast<int64_t>(message.sequence)));
    }
    set_->Seal(summary.end);
  }

  io::FaultFileSystem files_;
  Catalogue catalogue_;
  LogWriter writer_;
  std::unique_ptr<SegmentSet> set_;
  std::vector<Message> messages_;
  std::vector<SegmentSummary> sealed_;
  uint64_t next_segment_ = 1;
  bool active_ = false;
};

}  // namespace mts::log
