// What this Tarantool process knows besides its rows: whether it may be written, what is visible, totals. One for the
// process, made at the first call.
//
// Threading: the transaction thread. Errors: NOT_FOUND from SetWritable where the schema is not there.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "model/sequence.h"
#include "model/subject.h"
#include "tarantool/src/deduplication.h"
#include "tarantool/src/pending_values.h"
#include "tarantool/src/spaces.h"
#include "tarantool/src/visibility.h"

namespace mts::tarantool {

class Instance {
 public:
  static Instance& Here();

  // `uuid` and `durability` are for hello and info.
  void Start(std::string uuid, std::string durability);
  // Writable: the schema is there, and the totals are read again, for other instances may have written meanwhile.
  absl::Status SetWritable(bool writable);
  // Publishing is refused while memory is short.
  void SetMemoryShort(bool is_short) { memory_short_ = is_short; }

  bool writable() const { return writable_; }
  // Reading and writing are for the writable instance only: rows of others may not be confirmed.
  absl::Status CheckWritable() const;
  bool memory_short() const { return memory_short_; }
  const std::string& uuid() const { return uuid_; }
  const std::string& durability() const { return durability_; }

  const Spaces& spaces() const { return spaces_; }
  Visibility& visibility() { return visibility_; }
  Deduplication& deduplication() { return deduplication_; }
  PendingValues& consumers() { return consumers_; }

  // The time of a message that is stored now: never less than that of the last.
  Timestamp TimeForMessage();
  static Timestamp Now() { return Timestamp(static_cast<int64_t>(clock_realtime64() / 1000)); }

  uint64_t bytes() const { return bytes_; }
  void AddBytes(uint64_t bytes) { bytes_ += bytes; }
  void RemoveBytes(uint64_t bytes) { bytes_ -= bytes < bytes_ ? bytes : bytes_; }

  // The greatest sequence ever visible on the subject, or on all that match.
  Sequence LastOfSubject(std::string_view subject);
  Sequence LastOf(const Pattern& pattern);

 private:
  Instance() = default;
  void ReadTotals();

  std::string uuid_;
  std::string durability_;
  bool writable_ = false;
  bool memory_short_ = false;
  Spaces spaces_;
  Visibility visibility_;
  Deduplication deduplication_;
  PendingValues consumers_;
  Timestamp last_time_;
  uint64_t bytes_ = 0;
};

}  // namespace mts::tarantool
