// Reads what the stored functions answer (SCHEMA.md, "Functions for the services").
//
// Threading: values and pure functions. Errors: an answer that cannot be read is UNAVAILABLE, because whether the call
// took effect is then unknown; a refusal has its own code. Views point into the bytes given.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/msgpack_reader.h"

namespace mts::store {

// The elements of an array, one after another. After the first one that is not what was asked for, ok() is false and
// everything reads as nothing.
class AnswerReader {
 public:
  AnswerReader() = default;
  AnswerReader(std::string_view bytes, uint64_t elements) : reader_(bytes), left_(elements) {}

  uint64_t Unsigned();
  std::optional<uint64_t> OptionalUnsigned();
  bool Bool();
  std::string_view Text();                         // a string or binary
  std::optional<std::string_view> OptionalText();  // the same, or nil
  std::string_view EncodedMap();                   // as it stands; empty for an empty map or nil
  // Reads the elements of the array that comes next with a reader of their own.
  AnswerReader Array();

  bool ok() const { return ok_; }
  uint64_t left() const { return ok_ ? left_ : 0; }

 private:
  bool Next(MsgpackReader::Value& value);
  void Fail() { ok_ = false; }

  MsgpackReader reader_{std::string_view()};
  uint64_t left_ = 0;
  bool ok_ = true;
};

// What follows the status of a call's answer; `data` is the encoded array of the reply's values, of either shape.
absl::StatusOr<AnswerReader> OpenAnswer(std::string_view data);

// Not OK when the instance refused the call unexecuted because it is not the writable one.
absl::Status Misdirected(std::string_view data);

// A refusal's code as a status. `code` is a canonical one; any other number is INTERNAL.
absl::Status StatusOfRefusal(uint64_t code, std::string_view message);

absl::Status UnreadableAnswer();

}  // namespace mts::store
