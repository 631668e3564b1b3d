// A row of the space `message` (SCHEMA.md): written from a new message, read into views of the tuple.
//
// Threading: pure functions. Errors: ParseRow answers false for a row that is not ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/message.h"
#include "model/payload.h"
#include "model/sequence.h"

namespace mts::tarantool {

// The longest payload that a row takes.
inline constexpr uint64_t kMaxInlineBytes = 1024 * 1024;

struct NewRow {
  std::string_view subject;
  std::string_view headers;  // encoded, empty for none
  PayloadKind kind = PayloadKind::kInline;
  std::string_view payload;      // kInline
  std::string_view object_name;  // else
  uint64_t offset = 0;
  uint64_t size = 0;  // kStored
  uint32_t crc32c = 0;
};

// Bytes of the payload as far as they are known.
uint64_t SizeOf(const NewRow& row);

void AppendRow(std::string& to, const NewRow& row, Sequence sequence, Timestamp time);

struct Row {
  StoredMessage message;  // its payload is there, whatever payload_included says, where the row holds it
  PayloadKind kind = PayloadKind::kInline;
  std::string_view object_name;
  uint64_t offset = 0;
  uint32_t crc32c = 0;
  std::string_view before_payload;  // the row's bytes around field 6
  std::string_view after_payload;

  // As the store's reference; for rows that name an object.
  PayloadReference Reference() const;
  // What a reader's limit of bytes counts.
  uint64_t CountedBytes() const { return message.subject.size() + message.headers.size() + message.payload.size(); }
};

bool ParseRow(std::string_view tuple, Row& row);

// The row as it is, but a payload over the limit is nil.
void AppendRowForReader(std::string& to, const Row& row, std::string_view tuple, uint64_t max_inline_bytes);

}  // namespace mts::tarantool
