// What a function for the services answers behind the status: encoded values.
//
// Threading: a value. Errors: none. Limits: those of the functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/msgpack_writer.h"
#include "model/sequence.h"

namespace mts::tarantool {

struct Answer {
  void Add(uint64_t number) {
    msgpack::AppendUnsigned(values, number);
    ++count;
  }
  void Add(Sequence sequence) { Add(sequence.value()); }
  void Add(bool value) {
    msgpack::AppendBool(values, value);
    ++count;
  }
  void Add(std::string_view text) {
    msgpack::AppendText(values, text);
    ++count;
  }
  // An array of `elements` that are encoded already, so many of them.
  void AddArray(uint64_t element_count, std::string_view elements) {
    msgpack::AppendArray(values, element_count);
    values += elements;
    ++count;
  }

  uint32_t count = 0;
  std::string values;
};

}  // namespace mts::tarantool
