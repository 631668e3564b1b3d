#include "log/recovery_rewrite.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/segment_scanner.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

constexpr uint64_t kPieceBytes = 1 * limits::kMiB;

absl::Status CopyGroups(io::File& from, io::File& to, uint64_t end) {
  auto buffer = std::make_unique_for_overwrite<char[]>(kPieceBytes);
  for (uint64_t offset = kSegmentHeaderBytes; offset < end;) {
    const uint64_t length = std::min(kPieceBytes, end - offset);
    MTS_RETURN_IF_ERROR(from.ReadExactly(offset, absl::MakeSpan(buffer.get(), length)));
    MTS_RETURN_IF_ERROR(to.Write(offset, {buffer.get(), length}));
    to.StartWriteback(offset, length);
    offset += length;
  }
  return absl::OkStatus();
}

absl::Status WriteCopy(io::FileSystem& files, const std::string& path, uint64_t end, std::string_view seal_group,
                       const SegmentFile& segment) {
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> copy, files.Open(path, io::OpenMode::kCreateOrTruncate));
  MTS_RETURN_IF_ERROR(copy->Write(0, EncodeSegmentHeader(segment.header)));
  MTS_RETURN_IF_ERROR(CopyGroups(*segment.file, *copy, end));
  MTS_RETURN_IF_ERROR(copy->SyncData());
  if (seal_group.empty()) return absl::OkStatus();
  // Behind the sync, because it says that everything before it is durable.
  MTS_RETURN_IF_ERROR(copy->Write(end, seal_group));
  return copy->SyncData();
}

// Answers whether there were any.
absl::StatusOr<bool> RemovePrepared(io::FileSystem& files, const std::string& directory) {
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  bool removed = false;
  for (const std::string& name : names) {
    if (!name.ends_with(".prepared")) continue;
    MTS_RETURN_IF_ERROR(files.Remove(io::JoinPath(directory, name)));
    removed = true;
  }
  return removed;
}

}  // namespace

absl::Status RewriteSegment(io::FileSystem& files, const std::string& directory, uint64_t end,
                            std::string_view seal_group, SegmentFile& segment) {
  const std::string temporary = segment.path + ".tmp";
  absl::Status status = WriteCopy(files, temporary, end, seal_group, segment);
  if (absl::IsResourceExhausted(status)) {
    MTS_ASSIGN_OR_RETURN(const bool made_room, RemovePrepared(files, directory));
    if (made_room) status = WriteCopy(files, temporary, end, seal_group, segment);
  }
  if (status.ok()) status = files.Rename(temporary, segment.path);
  if (!status.ok()) {
    files.Remove(temporary).IgnoreError();
    return WithContext(status, Concat("recovery needs ", end, " bytes for a copy of ", segment.path));
  }
  MTS_RETURN_IF_ERROR(files.SyncDirectory(directory));
  return OpenForReading(files, segment);
}

std::string EncodeSealGroup(const SealGroup& seal) {
  std::string record;
  AppendRecord(record, RecordType::kSeal, 0, EncodeSeal(seal.body), seal.last_sequence, seal.time, seal.identity);
  GroupHeader header;
  header.identity = seal.identity;
  header.offset = seal.position.offset;
  header.number = seal.number;
  header.length = static_cast<uint32_t>(record.size());
  header.record_count = 1;
  header.synced_through = seal.position;
  header.time = seal.time;
  header.last_sequence = seal.last_sequence;
  std::string group(kGroupHeaderBytes, '\0');
  EncodeGroupHeader(header, group.data());
  return group + record;
}

}  // namespace mts::log
