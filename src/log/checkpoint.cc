#include "log/checkpoint.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/text.h"
#include "log/checkpoint_records.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

constexpr std::string_view kNamePrefix = "checkpoint-";
constexpr size_t kCheckpointsKept = 2;

// Appends records to a snapshot and counts them.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(CheckpointSnapshot& snapshot) : snapshot_(snapshot) {}

  std::string& body() { return body_; }
  void Add(RecordType type, std::string_view body, Sequence sequence, Timestamp time) {
    AppendRecord(snapshot_.records, type, 0, body, sequence, time, snapshot_.identity);
    ++snapshot_.record_count;
  }
  void Add(RecordType type, std::string_view body) { Add(type, body, snapshot_.last_sequence, snapshot_.last_time); }

 private:
  CheckpointSnapshot& snapshot_;
  std::string body_;
};

void AddSubjects(const State& state, SnapshotWriter& writer) {
  state.catalogue.ForEach([&](const store::SubjectState& subject) {
    EncodeSubject(subject, writer.body());
    writer.Add(RecordType::kCheckpointSubject, writer.body());
  });
}

void AddConsumers(const State& state, SnapshotWriter& writer, Sequence last_sequence) {
  state.consumers.ForEach([&](const ConsumerState& consumer) {
    writer.Add(RecordType::kPosition, EncodePosition({consumer.id, consumer.position}), last_sequence,
               consumer.last_active);
  });
}

void AddDeduplication(const State& state, SnapshotWriter& writer, int64_t now_monotonic_micros) {
  state.deduplication.ForEach(now_monotonic_micros, [&](const DeduplicationKey& key, Sequence sequence, int64_t age) {
    EncodeDeduplication({key, sequence, age}, writer.body());
    writer.Add(RecordType::kCheckpointDeduplication, writer.body());
  });
}

absl::Status WriteParts(io::File& file, const std::string& header, const std::string& records, const std::string& end) {
  const iovec parts[] = {{const_cast<char*>(header.data()), header.size()},
                         {const_cast<char*>(records.data()), records.size()},
                         {const_cast<char*>(end.data()), end.size()}};
  MTS_RETURN_IF_ERROR(file.WriteAt(0, parts));
  return file.SyncData();
}

}  // namespace

std::string CheckpointFileName(uint64_t number) { return absl::StrFormat("checkpoint-%016x", number); }

std::optional<uint64_t> ParseCheckpointFileName(std::string_view name) {
  if (!name.starts_with(kNamePrefix)) return std::nullopt;
  // The digits are those of a segment's name.
  const auto number = ParseSegmentFileName(Concat(name.substr(kNamePrefix.size()), ".segment"));
  if (!number) return std::nullopt;
  return number->value();
}

absl::StatusOr<std::vector<uint64_t>> ListCheckpoints(io::FileSystem& files, const std::string& directory) {
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = ParseCheckpointFileName(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

CheckpointSnapshot TakeSnapshot(const State& state, const std::vector<SegmentSummary>& segments, LogPosition position,
                                int64_t now_monotonic_micros, uint64_t identity) {
  CheckpointSnapshot snapshot;
  snapshot.position = position;
  snapshot.last_sequence = state.last_sequence;
  snapshot.next_group = state.next_group;
  snapshot.last_time = state.last_time;
  snapshot.first_segment = state.trim.first_segment;
  snapshot.identity = identity;
  // Most records have about 96 bytes; growing by copies would cost more than a generous guess.
  snapshot.records.reserve(128 * (state.catalogue.subjects() + state.consumers.size() + segments.size()) +
                           64 * state.deduplication.size());

  SnapshotWriter writer(snapshot);
  writer.Add(RecordType::kTrim, EncodeTrim(state.trim));
  writer.Add(RecordType::kReservation, EncodeReservation(state.reserved_through));
  for (const SegmentSummary& segment : segments) {
    EncodeSegmentSummary(segment, writer.body());
    writer.Add(RecordType::kCheckpointSegment, writer.body());
  }
  AddSubjects(state, writer);
  AddConsumers(state, writer, snapshot.last_sequence);
  AddDeduplication(state, writer, now_monotonic_micros);
  for (const auto& [group, references] : state.pending_removals) {
    writer.Add(RecordType::kPayloadRemoval, EncodePayloadRemoval(references), Sequence(group.value()),
               snapshot.last_time);
  }
  return snapshot;
}

absl::StatusOr<CheckpointInfo> WriteCheckpoint(io::FileSystem& files, const std::string& directory,
                                               const CheckpointSnapshot& snapshot) {
  MTS_ASSIGN_OR_RETURN(std::vector<uint64_t> numbers, ListCheckpoints(files, directory));
  const uint64_t number = numbers.empty() ? 1 : numbers.back() + 1;
  const std::string path = io::JoinPath(directory, CheckpointFileName(number));
  const std::string temporary = path + ".tmp";

  const std::string header = EncodeCheckpointHeader(
      {snapshot.identity, number, snapshot.position, snapshot.last_sequence, snapshot.next_group, snapshot.last_time});
  std::string end;
  AppendRecord(end, RecordType::kCheckpointEnd, 0, EncodeCheckpointEnd(snapshot.record_count), snapshot.last_sequence,
               snapshot.last_time, snapshot.identity);

  MTS_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, files.Open(temporary, io::OpenMode::kCreateOrTruncate));
  absl::Status status = WriteParts(*file, header, snapshot.records, end);
  file.reset();
  if (status.ok()) status = files.Rename(temporary, path);
  if (!status.ok()) {
    files.Remove(temporary).IgnoreError();
    return WithContext(status, "checkpoint");
  }
  MTS_RETURN_IF_ERROR(files.SyncDirectory(directory));

  numbers.push_back(number);
  for (size_t i = 0; i + kCheckpointsKept < numbers.size(); ++i) {
    const absl::Status removed = files.Remove(io::JoinPath(directory, CheckpointFileName(numbers[i])));
    if (!removed.ok()) spdlog::warn("log: an old checkpoint stays: {}", removed.ToString());
  }
  return CheckpointInfo{number, snapshot.position, header.size() + snapshot.records.size() + end.size(),
                        snapshot.first_segment};
}

}  // namespace mts::log
