// Reads the arguments of the services' functions (SCHEMA.md) one after another. What is not there reads as nil.
//
// Threading: a value, one thread. Errors: the first argument that has another type than asked for is remembered; all
// that is read after it is empty. Views point into the encoded arguments. Limits: those of MsgpackReader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/msgpack_reader.h"

namespace mts::tarantool {

class ValueReader {
 public:
  // An array of values.
  explicit ValueReader(std::string_view encoded);

  uint64_t Number();
  std::optional<uint64_t> OptionalNumber();
  std::string_view Text();          // string or binary
  std::string_view OptionalText();  // empty for nil
  std::string_view OptionalMap();   // encoded; empty for nil and for a map without pairs
  // The array as one value; read it with a ValueReader of its own.
  std::string_view Array();

  uint64_t left() const { return left_; }
  bool ok() const { return wrong_.empty(); }
  // What is wrong, where.
  const std::string& wrong() const { return wrong_; }

 private:
  using Value = MsgpackReader::Value;
  using Type = MsgpackReader::Type;

  // The next value, skipped; nil when there is none.
  Value Next(std::string_view& encoded);
  void Refuse(std::string_view expected);

  MsgpackReader reader_;
  uint64_t left_ = 0;
  uint64_t taken_ = 0;
  std::string wrong_;
};

}  // namespace mts::tarantool
