#include "log/segment_index_writer.h"

#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "log/index_file.h"
#include "log/name_table_writer.h"

namespace mts::log {
namespace {

void AppendNumber(PagedWriter& writer, uint32_t value) {
  char bytes[sizeof(value)];
  StoreInteger(bytes, value);
  writer.Append(std::string_view(bytes, sizeof(bytes)));
}

void WriteMessages(const MemoryIndex& index, PagedWriter& writer, IndexHeader& header) {
  header.offsets_at = writer.position();
  for (uint32_t ordinal = 0; ordinal < header.messages; ++ordinal) AppendNumber(writer, index.offset8(ordinal));
  if (index.has_gaps()) {
    header.sequences_at = writer.position();
    index.ForEachSequence([&](Sequence sequence) {
      AppendNumber(writer, static_cast<uint32_t>(sequence.value() - header.first.value()));
    });
  }
  const std::vector<uint32_t> references = index.references();
  header.references_at = writer.position();
  header.references = references.size();
  for (const uint32_t ordinal : references) AppendNumber(writer, ordinal);
  writer.Align(8);
}

absl::Status WriteNames(io::FileSystem& files, const std::string& temporary, const MemoryIndex& index,
                        PagedWriter& writer, IndexHeader& header) {
  NameTableWriter names(files, temporary, writer, IndexKind::kSegment);
  for (const MemoryIndex::SubjectPostings& subject : index.Subjects()) {
    for (uint32_t ordinal = subject.first; ordinal != MemoryIndex::kNone; ordinal = index.Next(ordinal)) {
      const PostingItem item{ordinal, index.offset8(ordinal)};
      names.AppendList(std::string_view(reinterpret_cast<const char*>(&item), sizeof(item)));
    }
    names.EndName(subject.name, subject.payload_bytes);
  }
  MTS_ASSIGN_OR_RETURN(header.table, names.Finish());
  return absl::OkStatus();
}

IndexHeader HeaderOf(const SegmentSummary& summary) {
  IndexHeader header;
  header.kind = IndexKind::kSegment;
  header.identity = summary.identity;
  header.number = header.last_number = summary.number;
  header.messages = summary.messages;
  header.first = summary.first;
  header.last = summary.last;
  header.first_time = summary.first_time;
  header.last_time = summary.last_time;
  header.end = summary.end;
  header.payload_bytes = summary.payload_bytes;
  return header;
}

}  // namespace

absl::Status WriteSegmentIndex(io::FileSystem& files, const std::string& path, const MemoryIndex& index) {
  const std::string temporary = path + ".tmp";
  IndexHeader header = HeaderOf(index.Summary());
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<PagedWriter> writer, PagedWriter::Create(files, temporary));
  WriteMessages(index, *writer, header);
  if (absl::Status status = WriteNames(files, temporary, index, *writer, header); !status.ok()) {
    writer.reset();
    files.Remove(temporary).IgnoreError();
    return status;
  }
  return FinishIndexFile(files, temporary, path, std::move(writer), header);
}

}  // namespace mts::log
