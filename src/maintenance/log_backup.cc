#include "maintenance/log_backup.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/checkpoint.h"
#include "log/disk_index.h"
#include "log/record_reader.h"

namespace mts::maintenance {
namespace {

constexpr uint64_t kCacheBytes = 1 * limits::kMiB;
constexpr int kTries = 20;

std::string InBackup(const std::string& name) { return Concat("log/", name); }

void IgnoreDamage(uint64_t, uint64_t, std::string_view) {}

absl::StatusOr<log::SegmentHeader> ReadHeader(io::File& file) {
  std::string bytes(log::kSegmentHeaderBytes, '\0');
  MTS_ASSIGN_OR_RETURN(const size_t count, file.ReadAt(0, absl::MakeSpan(bytes)));
  bytes.resize(count);
  return log::DecodeSegmentHeader(bytes);
}

}  // namespace

absl::Status LogBackup::TakeCheckpoints() {
  // Between the list and the link a newer one may have replaced the older.
  for (int i = 0; i < kTries; ++i) {
    MTS_ASSIGN_OR_RETURN(const std::vector<uint64_t> numbers, log::ListCheckpoints(files_, source_));
    bool any = numbers.empty();
    for (const uint64_t number : numbers) {
      const std::string name = log::CheckpointFileName(number);
      absl::Status added = to_.Add(SourcePath(name), InBackup(name));
      if (!added.ok() && !absl::IsNotFound(added)) return added;
      any |= added.ok();
    }
    if (any) return absl::OkStatus();
  }
  return absl::UnavailableError("the server's checkpoints come and go too fast; try again");
}

absl::StatusOr<std::vector<log::SegmentNumber>> LogBackup::NumbersLeft() {
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(source_));
  std::vector<log::SegmentNumber> numbers;
  for (const std::string& name : names) {
    const auto number = log::ParseSegmentFileName(name);
    if (number && !sealed_.contains(*number) && !gone_.contains(*number)) numbers.push_back(*number);
  }
  return numbers;
}

absl::StatusOr<bool> LogBackup::IsGone(log::SegmentNumber number) {
  MTS_ASSIGN_OR_RETURN(const bool exists, files_.Exists(SourcePath(log::SegmentFileName(number))));
  return !exists;
}

absl::Status LogBackup::TakeSegments(absl::FunctionRef<absl::Status(const Taken&)> taken) {
  has_tail_ = false;
  for (;;) {
    MTS_ASSIGN_OR_RETURN(const std::vector<log::SegmentNumber> numbers, NumbersLeft());
    if (numbers.empty()) return absl::OkStatus();
    for (const log::SegmentNumber number : numbers) {
      Taken one;
      one.segment = number;
      MTS_ASSIGN_OR_RETURN(const Outcome outcome, Take(number, one));
      if (outcome == Outcome::kGone) {
        gone_.insert(number);
        continue;
      }
      one.sealed = outcome == Outcome::kSealed;
      if (one.sealed) sealed_.insert(number);
      MTS_RETURN_IF_ERROR(taken(one));
      if (!one.sealed) return absl::OkStatus();
    }
  }
}

absl::StatusOr<LogBackup::Outcome> LogBackup::Take(log::SegmentNumber number, Taken& taken) {
  const absl::StatusOr<std::unique_ptr<io::File>> opened =
      files_.Open(SourcePath(log::SegmentFileName(number)), io::OpenMode::kRead);
  if (absl::IsNotFound(opened.status())) return Outcome::kGone;
  MTS_RETURN_IF_ERROR(opened.status());
  io::File& file = **opened;
  MTS_ASSIGN_OR_RETURN(const bool by_index, PayloadsByIndex(source_, number, taken));
  if (by_index) return TakeWhole(number);
  // In this order: what is followed was sealed before, so that a missing seal is damage then.
  MTS_ASSIGN_OR_RETURN(const bool followed, IsFollowed(number));
  MTS_ASSIGN_OR_RETURN(const Scan scan, ScanSegment(file, followed, taken));
  return scan.sealed || followed ? TakeWhole(number) : TakeTail(file, number, scan);
}

// ---- What a segment holds

absl::StatusOr<bool> LogBackup::PayloadsByIndex(const std::string& directory, log::SegmentNumber number, Taken& taken) {
  log::OpenFiles open_files(files_, 2);
  log::BlockCache cache(kCacheBytes);
  const auto index = log::DiskIndex::Open(open_files, cache, io::JoinPath(directory, log::IndexFileName(number)));
  if (!index.ok()) return false;
  auto segment = files_.Open(io::JoinPath(directory, log::SegmentFileName(number)), io::OpenMode::kRead);
  if (!segment.ok()) return false;
  const std::shared_ptr<io::File> file = *std::move(segment);
  const absl::StatusOr<log::SegmentHeader> header = ReadHeader(*file);
  const log::SegmentSummary summary = (*index)->Summary();
  if (!header.ok() || header->identity != summary.identity || header->number != number) return false;
  std::vector<log::SegmentSet::Location> locations;
  const absl::Status described = (*index)->Describe(
      [](const log::SegmentSet::SubjectTotal&) {},
      [&](const log::Hit& hit) {
        locations.push_back({file, number, summary.identity, uint64_t{hit.offset8} * log::kAlignment, hit.sequence});
      });
  if (!described.ok()) return false;
  log::RecordReader reader;
  for (size_t begin = 0; begin < locations.size();) {
    MTS_ASSIGN_OR_RETURN(const log::RecordReader::Result result,
                         reader.Read(absl::MakeConstSpan(locations).subspan(begin), {limits::kMiB, 0}));
    for (const StoredMessage& message : result.block->messages) {
      if (message.reference) taken.payloads.push_back(*message.reference);
    }
    begin += std::max<size_t>(result.read, 1);
  }
  last_sequence_ = std::max(last_sequence_, summary.last);
  return true;
}

absl::StatusOr<bool> LogBackup::IsFollowed(log::SegmentNumber number) {
  const auto file = files_.Open(SourcePath(log::SegmentFileName(number.Next())), io::OpenMode::kRead);
  if (absl::IsNotFound(file.status())) return false;
  MTS_RETURN_IF_ERROR(file.status());
  const absl::StatusOr<log::SegmentHeader> header = ReadHeader(**file);
  if (!header.ok()) return false;
  MTS_ASSIGN_OR_RETURN(const uint64_t size, (*file)->Size());
  // Only its beginning: a first group whose header is damaged makes no difference worth reading all of it.
  log::SegmentScanner scanner(**file, header->identity, log::kSegmentHeaderBytes,
                              std::min(size, log::kSegmentHeaderBytes + limits::kMiB));
  MTS_ASSIGN_OR_RETURN(const std::optional<log::ScannedGroup> group, scanner.Next());
  return group.has_value();
}

absl::StatusOr<LogBackup::Scan> LogBackup::ScanSegment(io::File& file, bool followed, Taken& taken) {
  Scan scan;
  const absl::StatusOr<log::SegmentHeader> header = ReadHeader(file);
  if (!header.ok()) return scan;
  scan.identity = header->identity;
  MTS_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  log::SegmentScanner scanner(file, header->identity, log::kSegmentHeaderBytes, size);
  for (;;) {
    MTS_ASSIGN_OR_RETURN(const std::optional<log::ScannedGroup> group, scanner.Next());
    if (!group) return scan;
    if (!followed) {
      // The server may be writing this very group: it counts when it is whole.
      MTS_ASSIGN_OR_RETURN(const bool whole, scanner.IsWhole(*group));
      if (!whole) return scan;
    }
    MTS_ASSIGN_OR_RETURN(scan.sealed, ScanGroup(scanner, *group, taken));
    scan.end = group->end();
    last_sequence_ = std::max(last_sequence_, group->header.last_sequence);
    if (scan.sealed) return scan;
  }
}

absl::StatusOr<bool> LogBackup::ScanGroup(log::SegmentScanner& scanner, const log::ScannedGroup& group, Taken& taken) {
  bool sealed = false;
  MTS_RETURN_IF_ERROR(scanner.ForEachRecord(group, IgnoreDamage, [&](const log::ScannedRecord& record) {
    sealed = record.header.type == log::RecordType::kSeal;
    if (record.header.type != log::RecordType::kMessage) return absl::OkStatus();
    std::optional<log::MessageBody> body = log::DecodeMessageBody(record.body);
    if (body && body->reference) taken.payloads.push_back(*std::move(body->reference));
    return absl::OkStatus();
  }));
  return sealed;
}

// ---- Taking it

absl::StatusOr<LogBackup::Outcome> LogBackup::TakeWhole(log::SegmentNumber number) {
  for (const std::string& name : {log::SegmentFileName(number), log::IndexFileName(number)}) {
    // A copy of its beginning may be there from an earlier call.
    absl::Status removed = files_.Remove(to_.PathOf(InBackup(name)));
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    absl::Status added = to_.Add(SourcePath(name), InBackup(name));
    if (!added.ok() && !absl::IsNotFound(added)) return added;
  }
  // Retention renames a segment before it is written anew: while it has its name, what was taken is this segment.
  MTS_ASSIGN_OR_RETURN(const bool gone, IsGone(number));
  if (!gone) return Outcome::kSealed;
  MTS_RETURN_IF_ERROR(Drop(number));
  return Outcome::kGone;
}

absl::StatusOr<LogBackup::Outcome> LogBackup::TakeTail(io::File& file, log::SegmentNumber number, const Scan& scan) {
  if (scan.end <= log::kSegmentHeaderBytes) return Outcome::kTail;  // opened, and nothing in it yet
  MTS_RETURN_IF_ERROR(to_.AddCopy(file, InBackup(log::SegmentFileName(number)), scan.end));
  const absl::StatusOr<log::SegmentHeader> header = ReadHeader(file);
  if (header.ok() && header->identity == scan.identity && header->number == number) {
    has_tail_ = true;
    return Outcome::kTail;
  }
  MTS_RETURN_IF_ERROR(Drop(number));
  return Outcome::kGone;
}

absl::StatusOr<uint64_t> LogBackup::DropGone(absl::FunctionRef<absl::Status(const Taken&)> dropped) {
  std::vector<log::SegmentNumber> gone;
  for (const log::SegmentNumber number : sealed_) {
    MTS_ASSIGN_OR_RETURN(const bool is_gone, IsGone(number));
    if (is_gone) gone.push_back(number);
  }
  for (const log::SegmentNumber number : gone) {
    Taken taken;
    taken.segment = number;
    MTS_ASSIGN_OR_RETURN(const bool by_index, PayloadsByIndex(to_.PathOf("log"), number, taken));
    if (!by_index) {
      MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file,
                           files_.Open(to_.PathOf(InBackup(log::SegmentFileName(number))), io::OpenMode::kRead));
      MTS_RETURN_IF_ERROR(ScanSegment(*file, /*followed=*/true, taken).status());
    }
    MTS_RETURN_IF_ERROR(dropped(taken));
    MTS_RETURN_IF_ERROR(Drop(number));
    sealed_.erase(number);
    gone_.insert(number);
  }
  return gone.size();
}

absl::Status LogBackup::Drop(log::SegmentNumber number) {
  for (const std::string& name : {log::SegmentFileName(number), log::IndexFileName(number)}) {
    absl::Status removed = files_.Remove(to_.PathOf(InBackup(name)));
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  }
  return absl::OkStatus();
}

}  // namespace mts::maintenance
