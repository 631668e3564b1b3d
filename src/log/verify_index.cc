#include "log/verify_index.h"

#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/index_file.h"
#include "log/name_table.h"

namespace mts::log {
namespace {

constexpr uint64_t kCacheBytes = 1 * limits::kMiB;

class Verification {
 public:
  Verification(io::FileSystem& files, const std::string& path, const IndexHeader& header)
      : open_files_(files, 1),
        cache_(kCacheBytes),
        file_(open_files_, cache_, path),
        header_(header),
        table_(file_, header.table, header.kind) {}

  absl::Status Run() {
    MTS_RETURN_IF_ERROR(Pages());
    if (header_.kind == IndexKind::kSegment) MTS_RETURN_IF_ERROR(Sections());
    return Names();
  }

 private:
  bool is_segment() const { return header_.kind == IndexKind::kSegment; }
  absl::Status Damaged(std::string_view what) const { return absl::DataLossError(Concat(file_.path(), ": ", what)); }

  absl::Status Pages() {
    std::string content(kPageContentBytes, '\0');
    for (uint64_t offset = 0; offset < header_.content_end; offset += kPageContentBytes) {
      MTS_RETURN_IF_ERROR(file_.ReadBulk(offset, absl::MakeSpan(content)));
    }
    return absl::OkStatus();
  }

  absl::Status Ascending(uint64_t at, uint64_t count, uint64_t below, std::string_view what) {
    SequentialReader reader(file_, at, at + count * sizeof(uint32_t));
    std::optional<uint32_t> before;
    for (uint64_t i = 0; i < count; ++i) {
      MTS_ASSIGN_OR_RETURN(const std::string_view bytes, reader.Read(sizeof(uint32_t)));
      const auto number = LoadInteger<uint32_t>(bytes.data());
      if (number >= below || (before && number <= *before)) return Damaged(Concat(what, " are out of order at ", i));
      before = number;
    }
    return absl::OkStatus();
  }

  absl::Status Sections() {
    MTS_RETURN_IF_ERROR(Ascending(header_.offsets_at, header_.messages, header_.end / kAlignment, "offsets"));
    const uint64_t distance = header_.last.value() - header_.first.value();
    if (header_.sequences_at != 0) {
      MTS_RETURN_IF_ERROR(Ascending(header_.sequences_at, header_.messages, distance + 1, "sequences"));
    } else if (header_.messages > 0 && distance + 1 != header_.messages) {
      return Damaged("the sequences have gaps that are not written down");
    }
    return Ascending(header_.references_at, header_.references, header_.messages, "references");
  }

  absl::Status Names() {
    NameCursor cursor(file_, header_.table, header_.kind);
    std::optional<std::string> before;
    uint64_t payload_bytes = 0;
    for (uint64_t names = 0;; ++names) {
      MTS_ASSIGN_OR_RETURN(const bool more, cursor.Next());
      if (!more) break;
      if (before && cursor.name() <= *before) return Damaged(Concat("name ", names, " is out of order"));
      before = cursor.name();
      payload_bytes += cursor.entry().payload_bytes;
      MTS_RETURN_IF_ERROR(List(cursor));
      MTS_ASSIGN_OR_RETURN(const std::optional<NameEntry> found, table_.Find(cursor.name()));
      if (!found || found->name_offset != cursor.entry().name_offset) {
        return Damaged(Concat("name ", names, " is not found by its hash"));
      }
    }
    if (is_segment() && (items_ != header_.messages || payload_bytes != header_.payload_bytes)) {
      return Damaged("the lists do not hold every message");
    }
    return absl::OkStatus();
  }

  absl::Status List(NameCursor& cursor) {
    const uint64_t below = is_segment() ? header_.messages : header_.last_number.value() - header_.number.value() + 1;
    std::optional<uint32_t> before;
    while (true) {
      MTS_ASSIGN_OR_RETURN(const std::string_view piece, cursor.ReadList());
      if (piece.empty()) return absl::OkStatus();
      for (size_t i = 0; i < piece.size(); i += table_.item_bytes(), ++items_) {
        const auto number = LoadInteger<uint32_t>(piece.data() + i);
        if (number >= below || (before && number <= *before)) {
          return Damaged(Concat("the list of ", cursor.name(), " is out of order"));
        }
        before = number;
        if (is_segment()) MTS_RETURN_IF_ERROR(SameOffset(number, LoadInteger<uint32_t>(piece.data() + i + 4)));
      }
    }
  }

  absl::Status SameOffset(uint32_t ordinal, uint32_t offset8) {
    uint32_t expected = 0;
    MTS_RETURN_IF_ERROR(file_.Read(header_.offsets_at + ordinal * sizeof(expected),
                                   absl::MakeSpan(reinterpret_cast<char*>(&expected), sizeof(expected))));
    if (expected != offset8) return Damaged(Concat("two offsets of message ", ordinal));
    return absl::OkStatus();
  }

  OpenFiles open_files_;
  BlockCache cache_;
  PagedFile file_;
  const IndexHeader header_;
  NameTable table_;
  uint64_t items_ = 0;
};

}  // namespace

absl::Status VerifyIndex(io::FileSystem& files, const std::string& path) {
  MTS_ASSIGN_OR_RETURN(const IndexHeader header, ReadIndexHeader(files, path));
  return Verification(files, path, header).Run();
}

}  // namespace mts::log
