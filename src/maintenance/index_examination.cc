// The part of segment_examination.h that looks at index files.
#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/disk_index.h"
#include "log/index_file.h"
#include "log/verify_index.h"
#include "maintenance/segment_examination.h"

namespace mts::maintenance {
namespace {

constexpr uint64_t kCacheBytes = 1 * limits::kMiB;
constexpr uint64_t kPagesRead = 256;

// The first page that is not right.
absl::StatusOr<std::optional<IndexFault>> ExaminePages(io::FileSystem& files, const std::string& path) {
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, files.Open(path, io::OpenMode::kRead));
  std::string bytes(kPagesRead * log::kPageBytes, '\0');
  for (uint64_t offset = 0;; offset += bytes.size()) {
    MTS_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(offset, absl::MakeSpan(bytes)));
    for (uint64_t at = 0; at < count; at += log::kPageBytes) {
      const uint64_t page = (offset + at) / log::kPageBytes;
      const std::string_view content = std::string_view(bytes).substr(at, std::min(log::kPageBytes, count - at));
      const absl::Status status = log::CheckPage(content, page, path);
      if (!status.ok()) return IndexFault{offset + at, std::string(ToStd(status.message()))};
    }
    if (count < bytes.size()) return std::nullopt;
  }
}

// An index that is open.
struct OpenIndex {
  log::OpenFiles open_files;
  log::BlockCache cache{kCacheBytes};
  std::shared_ptr<log::DiskIndex> index;

  explicit OpenIndex(io::FileSystem& files) : open_files(files, 1) {}
};

IndexFault Differs(std::string_view what) { return {0, Concat("it is not the index of this segment: ", what)}; }

bool SameSummary(const log::SegmentSummary& a, const log::SegmentSummary& b) {
  return a.number == b.number && a.identity == b.identity && a.messages == b.messages && a.first == b.first &&
         a.last == b.last && a.end == b.end && a.payload_bytes == b.payload_bytes;
}

absl::StatusOr<std::optional<IndexFault>> CompareMessages(const log::DiskIndex& index,
                                                          const SegmentContents& contents) {
  std::vector<log::Hit> hits;
  const Pattern all = Pattern::All();
  MTS_RETURN_IF_ERROR(index.Find({all, kNoSequence, kMaxSequence, contents.messages.size() + 1}, hits));
  const auto same = [](const log::Hit& hit, const SegmentContents::Message& message) {
    return hit.sequence == message.sequence && hit.offset8 == message.offset8;
  };
  if (!std::equal(hits.begin(), hits.end(), contents.messages.begin(), contents.messages.end(), same)) {
    return Differs("other messages, or in other places");
  }
  bool same_totals = true;
  size_t subjects = 0;
  MTS_RETURN_IF_ERROR(index.Describe(
      [&](const log::SegmentSet::SubjectTotal& total) {
        ++subjects;
        const auto found = contents.subjects.find(total.subject);
        same_totals = same_totals && found != contents.subjects.end() && found->second.messages == total.messages &&
                      found->second.payload_bytes == total.payload_bytes;
      },
      [](const log::Hit&) {}));
  if (!same_totals || subjects != contents.subjects.size()) return Differs("other subjects");
  return std::nullopt;
}

// Goes through all lists; an item tells the offset of its message.
absl::Status ResolveSubjects(const log::DiskIndex& index, std::vector<IndexedMessage>& messages) {
  const auto end = messages.begin() + static_cast<ptrdiff_t>(std::min(messages.size(), kMaxResolvedSubjects));
  log::NameCursor cursor(index.file(), index.header().table, log::IndexKind::kSegment);
  for (;;) {
    MTS_ASSIGN_OR_RETURN(const bool more, cursor.Next());
    if (!more) return absl::OkStatus();
    for (;;) {
      MTS_ASSIGN_OR_RETURN(const std::string_view piece, cursor.ReadList());
      if (piece.empty()) break;
      for (size_t i = 0; i + sizeof(log::PostingItem) <= piece.size(); i += sizeof(log::PostingItem)) {
        const uint64_t offset = uint64_t{LoadInteger<uint32_t>(piece.data() + i + sizeof(uint32_t))} * log::kAlignment;
        const auto found =
            std::lower_bound(messages.begin(), end, offset,
                             [](const IndexedMessage& message, uint64_t value) { return message.offset < value; });
        if (found != end && found->offset == offset) found->subject = cursor.name();
      }
    }
  }
}

}  // namespace

absl::StatusOr<std::optional<IndexFault>> ExamineIndexFile(io::FileSystem& files, const std::string& path) {
  MTS_ASSIGN_OR_RETURN(std::optional<IndexFault> fault, ExaminePages(files, path));
  if (fault) return fault;
  absl::Status status = log::VerifyIndex(files, path);
  if (status.ok()) return std::nullopt;
  if (!absl::IsDataLoss(status)) return status;
  return IndexFault{0, std::string(ToStd(status.message()))};
}

absl::StatusOr<std::optional<IndexFault>> ExamineIndex(io::FileSystem& files, const std::string& path,
                                                       const SegmentContents& contents) {
  MTS_ASSIGN_OR_RETURN(std::optional<IndexFault> fault, ExamineIndexFile(files, path));
  if (fault) return fault;
  OpenIndex opened(files);
  MTS_ASSIGN_OR_RETURN(opened.index, log::DiskIndex::Open(opened.open_files, opened.cache, path));
  // Messages that are lost still stand in the index.
  if (!contents.spots.empty()) {
    const log::SegmentSummary summary = opened.index->Summary();
    if (summary.number == contents.summary.number && summary.identity == contents.summary.identity) return std::nullopt;
    return Differs("another number or identity");
  }
  if (!SameSummary(opened.index->Summary(), contents.summary)) return Differs("another summary");
  return CompareMessages(*opened.index, contents);
}

absl::StatusOr<std::vector<IndexedMessage>> IndexedMessages(io::FileSystem& files, const std::string& index_path,
                                                            absl::FunctionRef<bool(uint64_t offset)> wanted) {
  OpenIndex opened(files);
  MTS_ASSIGN_OR_RETURN(opened.index, log::DiskIndex::Open(opened.open_files, opened.cache, index_path));
  const log::DiskIndex& index = *opened.index;
  std::vector<log::Hit> hits;
  const Pattern all = Pattern::All();
  MTS_RETURN_IF_ERROR(index.Find({all, kNoSequence, kMaxSequence, index.Summary().messages}, hits));
  std::vector<IndexedMessage> messages;
  for (const log::Hit& hit : hits) {
    const uint64_t offset = uint64_t{hit.offset8} * log::kAlignment;
    if (wanted(offset)) messages.push_back({offset, hit.sequence, {}});
  }
  if (!messages.empty()) MTS_RETURN_IF_ERROR(ResolveSubjects(index, messages));
  return messages;
}

}  // namespace mts::maintenance
