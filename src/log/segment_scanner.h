// Reads a segment file group by group and record by record, over damaged spots too. Recovery, index rebuilding and
// doctor use it.
//
// A group whose header cannot be read is found again by its records: the bytes up to the next valid group header are
// given as a group without a header. Within a group a damaged body costs one record (its length leads on), a damaged
// record header the bytes up to the next valid one.
//
// Threading: one thread. Errors: only those of reading the disk; damage goes to the DamageSink. Limits: memory is one
// chunk, or one group when that is longer.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/limits.h"
#include "io/file_system.h"
#include "log/damage.h"
#include "log/file_window.h"
#include "log/format.h"

namespace mts::log {

struct ScannedRecord {
  RecordHeader header;
  uint64_t offset = 0;  // of the record in the segment
  std::string_view body;
};

// The records of a piece of memory that begins with one (or with damage).
class RecordScanner {
 public:
  enum class Bodies { kCheck, kTrust };

  // `offset`: of the first byte in the segment. With kTrust only headers are checked.
  RecordScanner(std::string_view records, uint64_t identity, uint64_t offset, Bodies bodies = Bodies::kCheck)
      : records_(records), identity_(identity), offset_(offset), bodies_(bodies) {}

  // The next readable record; nothing at the end.
  std::optional<ScannedRecord> Next(DamageSink damage);

 private:
  // The header at next_, when it is valid and its record is all there.
  std::optional<RecordHeader> HeaderHere() const;
  void SkipDamagedHeader(DamageSink damage);

  const std::string_view records_;
  const uint64_t identity_;
  const uint64_t offset_;
  const Bodies bodies_;
  uint64_t next_ = 0;
};

struct ScannedGroup {
  bool has_header = true;
  // Without a header: identity and offset (of the first byte) only.
  GroupHeader header;
  uint64_t records_offset = 0;
  uint64_t records_bytes = 0;  // that the file has; fewer than header.length: the rest is missing
  uint64_t end() const { return records_offset + records_bytes; }
};

class SegmentScanner {
 public:
  static constexpr uint64_t kChunkBytes = 1 * limits::kMiB;

  // Groups that begin in [from, limit). `file` outlives the scanner; `limit` is at most its size.
  SegmentScanner(io::File& file, uint64_t identity, uint64_t from, uint64_t limit, uint64_t chunk_bytes = kChunkBytes)
      : identity_(identity), limit_(limit), position_(from), window_(file, chunk_bytes) {}

  // The next group; nothing when no valid group header follows. What could not be read before it comes first, as a
  // group without a header.
  absl::StatusOr<std::optional<ScannedGroup>> Next();
  // After Next gave nothing: all bytes from the last group to the limit, as a group without a header.
  ScannedGroup Rest() const;
  // Where the next group is expected.
  uint64_t position() const { return position_; }

  // The bytes of the group's records, valid until the next call.
  absl::StatusOr<std::string_view> Records(const ScannedGroup& group);
  // Every readable record of the group; an error of `visit` ends it.
  absl::Status ForEachRecord(const ScannedGroup& group, DamageSink damage,
                             absl::FunctionRef<absl::Status(const ScannedRecord&)> visit);
  // True when the group has its header and every record of it is there and right.
  absl::StatusOr<bool> IsWhole(const ScannedGroup& group);

 private:
  absl::StatusOr<std::optional<GroupHeader>> HeaderAt(uint64_t offset);
  // The first valid group header at or behind `offset`.
  absl::StatusOr<std::optional<GroupHeader>> Search(uint64_t offset);
  ScannedGroup Found(const GroupHeader& header);
  ScannedGroup WithoutHeader(uint64_t from, uint64_t to) const;

  const uint64_t identity_;
  const uint64_t limit_;
  uint64_t position_;
  std::optional<GroupHeader> found_ahead_;  // behind a gap that was given first
  FileWindow window_;
};

// Goes through the groups from the scanner's place on up to the seal; where none comes, also through what can be read
// behind the last group. `ends_open`: no seal is expected. `visit` answers whether the seal was in the group; answers
// whether it was met.
absl::StatusOr<bool> ForEachGroup(SegmentScanner& scanner, bool ends_open, DamageSink damage,
                                  absl::FunctionRef<absl::StatusOr<bool>(const ScannedGroup&)> visit);

// For a segment whose header is lost: the first group of whatever identity whose header is right in itself and whose
// number lies between both, excluded.
absl::StatusOr<std::optional<GroupHeader>> FindAnyGroup(io::File& file, uint64_t limit, GroupNumber above,
                                                        GroupNumber below);

}  // namespace mts::log
