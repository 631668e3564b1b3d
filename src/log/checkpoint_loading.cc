// Reading a checkpoint: first checked from end to end, then applied, so that one that is not whole leaves no trace.
#include <algorithm>
#include <utility>

#include "absl/functional/function_ref.h"
#include "base/crc32c.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "log/checkpoint.h"
#include "log/checkpoint_records.h"
#include "log/file_window.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

constexpr uint64_t kChunkBytes = 1 * limits::kMiB;

struct CheckpointRecord {
  RecordHeader header;
  std::string_view body;
};

// Goes through the records in order, the end record included; DATA_LOSS at the first that cannot be read or when
// anything but the end record is last. `offset` is that of the record in hand, also after an error.
absl::Status ForEachRecord(io::File& file, uint64_t identity, uint64_t& offset,
                           absl::FunctionRef<absl::Status(const CheckpointRecord&)> visit) {
  FileWindow window(file, kChunkBytes);
  MTS_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  offset = kCheckpointHeaderBytes;
  for (;;) {
    MTS_ASSIGN_OR_RETURN(const std::string_view bytes, window.At(offset, kRecordHeaderBytes));
    const std::optional<RecordHeader> header = DecodeRecordHeader(bytes, identity);
    if (!header) return absl::DataLossError(Concat("no valid record at ", offset));
    if (header->TotalBytes() > size - offset)
      return absl::DataLossError(Concat("the record at ", offset, " is cut off"));
    MTS_ASSIGN_OR_RETURN(const std::string_view body, window.At(offset + kRecordHeaderBytes, header->body_length));
    if (body.size() < header->body_length) return absl::DataLossError(Concat("the record at ", offset, " is cut off"));
    MTS_RETURN_IF_ERROR(visit({*header, body}));
    if (header->type == RecordType::kCheckpointEnd) return absl::OkStatus();
    offset += header->TotalBytes();
  }
}

// Answers how many subjects it holds.
absl::StatusOr<uint64_t> CheckWhole(io::File& file, uint64_t identity, uint64_t& offset) {
  uint64_t records = 0;
  uint64_t subjects = 0;
  absl::Status status = ForEachRecord(file, identity, offset, [&](const CheckpointRecord& record) -> absl::Status {
    if (Crc32c(record.body) != record.header.body_crc) {
      return absl::DataLossError(Concat("record ", records, " has a wrong checksum"));
    }
    const auto type = static_cast<uint8_t>(record.header.type);
    if (!IsKnownRecordType(type) && (record.header.flags & kRecordSkippable) == 0) {
      return absl::FailedPreconditionError(
          Concat("it has records of type ", int{type}, ", which this program does not know. Use a newer program."));
    }
    if (record.header.type == RecordType::kCheckpointEnd && DecodeCheckpointEnd(record.body) != records) {
      return absl::DataLossError("its end says another number of records");
    }
    ++records;
    if (record.header.type == RecordType::kCheckpointSubject) ++subjects;
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return subjects;
}

// Applies records that are whole; one that cannot be decoded although its checksum is right is an INTERNAL error.
class Application {
 public:
  Application(State& state, LoadedCheckpoint& loaded, int64_t now_monotonic_micros)
      : state_(state), loaded_(loaded), now_(now_monotonic_micros) {}

  absl::Status Apply(const CheckpointRecord& record) {
    switch (record.header.type) {
      case RecordType::kCheckpointSubject:
        return ApplySubject(record.body);
      case RecordType::kCheckpointDeduplication:
        return ApplyDeduplication(record.body);
      case RecordType::kCheckpointSegment:
        return Take(DecodeSegmentSummary(record.body),
                    [&](SegmentSummary& segment) { loaded_.segments.push_back(segment); });
      case RecordType::kPosition:
        return Take(DecodePosition(record.body),
                    [&](PositionBody& body) { state_.consumers.Set(body.id, body.position, record.header.time); });
      case RecordType::kTrim:
        return Take(DecodeTrim(record.body), [&](TrimBody& trim) { state_.trim = trim; });
      case RecordType::kReservation:
        return Take(DecodeReservation(record.body), [&](Sequence& through) { state_.reserved_through = through; });
      case RecordType::kPayloadRemoval:
        return Take(DecodePayloadRemoval(record.body), [&](std::vector<PayloadReference>& references) {
          state_.pending_removals[GroupNumber(record.header.sequence.value())] = std::move(references);
        });
      default:
        return absl::OkStatus();
    }
  }

 private:
  template <typename Body, typename Use>
  absl::Status Take(std::optional<Body> body, const Use& use) {
    if (!body) return absl::InternalError("a record with a right checksum cannot be decoded");
    use(*body);
    return absl::OkStatus();
  }
  absl::Status ApplySubject(std::string_view body) {
    const std::optional<store::SubjectState> subject = DecodeSubject(body);
    if (!subject) return absl::InternalError("a subject record cannot be decoded");
    return state_.catalogue.Restore(*subject);
  }
  absl::Status ApplyDeduplication(std::string_view body) {
    return Take(DecodeDeduplication(body), [&](DeduplicationBody& entry) {
      state_.deduplication.Add(entry.key, entry.sequence, now_ - entry.age_micros);
    });
  }

  State& state_;
  LoadedCheckpoint& loaded_;
  const int64_t now_;
};

struct OpenedCheckpoint {
  std::unique_ptr<io::File> file;
  CheckpointHeader header;
};

absl::StatusOr<OpenedCheckpoint> OpenOne(io::FileSystem& files, const std::string& path, uint64_t number) {
  OpenedCheckpoint opened;
  MTS_ASSIGN_OR_RETURN(opened.file, files.Open(path, io::OpenMode::kRead));
  char bytes[kCheckpointHeaderBytes];
  MTS_ASSIGN_OR_RETURN(const size_t count, opened.file->ReadAt(0, absl::MakeSpan(bytes)));
  MTS_ASSIGN_OR_RETURN(opened.header, DecodeCheckpointHeader(std::string_view(bytes, count)));
  if (opened.header.number != number) {
    return absl::DataLossError(Concat("its header says number ", opened.header.number));
  }
  return opened;
}

// DATA_LOSS: not whole, nothing was changed.
absl::StatusOr<LoadedCheckpoint> LoadOne(io::FileSystem& files, const std::string& path, uint64_t number,
                                         int64_t now_monotonic_micros, State& state) {
  MTS_ASSIGN_OR_RETURN(const OpenedCheckpoint opened, OpenOne(files, path, number));
  const CheckpointHeader& header = opened.header;
  io::File* const file = opened.file.get();
  uint64_t offset = 0;
  MTS_ASSIGN_OR_RETURN(const uint64_t subjects, CheckWhole(*file, header.identity, offset));
  state.catalogue.Reserve(subjects);

  LoadedCheckpoint loaded;
  loaded.info.number = number;
  loaded.info.position = header.position;
  MTS_ASSIGN_OR_RETURN(loaded.info.bytes, file->Size());
  Application application(state, loaded, now_monotonic_micros);
  MTS_RETURN_IF_ERROR(ForEachRecord(*file, header.identity, offset,
                                    [&](const CheckpointRecord& record) { return application.Apply(record); }));
  loaded.info.first_segment = state.trim.first_segment;
  state.last_sequence = header.last_sequence;
  state.next_group = header.next_group;
  state.last_time = header.last_time;
  return loaded;
}

}  // namespace

absl::Status VerifyCheckpoint(io::FileSystem& files, const std::string& directory, uint64_t number, uint64_t& offset) {
  offset = 0;
  MTS_ASSIGN_OR_RETURN(const OpenedCheckpoint opened,
                       OpenOne(files, io::JoinPath(directory, CheckpointFileName(number)), number));
  return CheckWhole(*opened.file, opened.header.identity, offset).status();
}

absl::StatusOr<std::optional<LoadedCheckpoint>> LoadCheckpoint(io::FileSystem& files, const std::string& directory,
                                                               int64_t now_monotonic_micros, State& state) {
  MTS_ASSIGN_OR_RETURN(std::vector<uint64_t> numbers, ListCheckpoints(files, directory));
  std::reverse(numbers.begin(), numbers.end());
  for (const uint64_t number : numbers) {
    const std::string path = io::JoinPath(directory, CheckpointFileName(number));
    absl::StatusOr<LoadedCheckpoint> loaded = LoadOne(files, path, number, now_monotonic_micros, state);
    if (loaded.ok()) return *std::move(loaded);
    if (!absl::IsDataLoss(loaded.status())) return WithContext(loaded.status(), path);
    spdlog::error("log: {} cannot be used: {}", path, ToStd(loaded.status().message()));
  }
  return std::nullopt;
}

}  // namespace mts::log
