// The message records of one append, encoded on the caller's thread with everything but what only the commit knows:
// sequence, time and place. The commit thread completes the headers in place (Complete), so a payload is copied once.
//
// Threading: a value. Errors: INVALID_ARGUMENT for a batch that fits no segment. Limits: one allocation for all
// records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "log/deduplication.h"
#include "log/format.h"
#include "model/message.h"

namespace mts::log {

class RecordBatch {
 public:
  struct Slot {
    uint32_t offset = 0;       // in bytes()
    uint32_t total_bytes = 0;  // header, body, padding
    uint32_t subject_bytes = 0;
    bool has_stored_reference = false;
    uint64_t payload_bytes = 0;  // also by reference
  };
  struct Condition {
    uint32_t position = 0;
    Sequence expected_last;
  };
  struct Id {
    uint32_t position = 0;
    DeduplicationKey key{};
  };

  struct Stored {
    uint32_t position = 0;
    PayloadReference reference;  // kStored
  };

  // At most `max_bytes` of records.
  static absl::StatusOr<RecordBatch> Encode(absl::Span<const NewMessage> messages, uint64_t max_bytes);

  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Condition>& conditions() const { return conditions_; }
  const std::vector<Id>& ids() const { return ids_; }
  const std::vector<Stored>& stored_references() const { return stored_references_; }
  std::string_view bytes() const { return {bytes_.get(), size_}; }
  std::string_view subject(const Slot& slot) const;

  // Fills in what the commit decides and the header's crc.
  void Complete(const Slot& slot, Sequence sequence, Timestamp time, uint64_t identity);

 private:
  RecordBatch() = default;

  std::unique_ptr<char[]> bytes_;
  uint64_t size_ = 0;
  std::vector<Slot> slots_;
  std::vector<Condition> conditions_;
  std::vector<Id> ids_;
  std::vector<Stored> stored_references_;
};

}  // namespace mts::log
