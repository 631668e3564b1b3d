// Tarantool's module interface as the functions need it: keys, tuples, scans, transactions, errors as values.
//
// Threading: the fibers of Tarantool's one transaction thread. A fiber yields at a commit and where it waits, nowhere
// else, so what is read between two commits is of one moment. A tuple is good until the fiber yields or the scan goes
// on. Errors: those of Tarantool, see StatusOfLastError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model/msgpack_writer.h"
#include "model/sequence.h"
#include "tarantool/src/module_api.h"

namespace mts::tarantool {

// What Tarantool's last error means to a caller. No memory and a write-ahead log that cannot be written are
// RESOURCE_EXHAUSTED: nothing was stored and it may be tried again. A read-only instance is ReadOnlyError. What is left
// is UNAVAILABLE: the outcome of a write is not known.
absl::Status StatusOfLastError();

absl::Status ReadOnlyError();
bool IsReadOnlyError(const absl::Status& status);

inline void AppendPart(std::string& to, uint64_t part) { msgpack::AppendUnsigned(to, part); }
inline void AppendPart(std::string& to, Sequence part) { msgpack::AppendUnsigned(to, part.value()); }
inline void AppendPart(std::string& to, std::string_view part) { msgpack::AppendText(to, part); }

// A key, or a whole tuple: an array of the parts, integers in their shortest form.
template <typename... Parts>
std::string MakeTuple(const Parts&... parts) {
  std::string tuple;
  msgpack::AppendArray(tuple, sizeof...(parts));
  (AppendPart(tuple, parts), ...);
  return tuple;
}

// The tuple as msgpack, its array's head included.
std::string_view BytesOf(box_tuple_t* tuple);

uint64_t NumberField(box_tuple_t* tuple, uint32_t field);
std::string_view TextField(box_tuple_t* tuple, uint32_t field);

struct IndexId {
  uint32_t space = 0;
  uint32_t index = 0;
};

// The tuple with a unique key, or null; errors count as null: they come from a schema that is not ours.
box_tuple_t* Find(IndexId index, std::string_view key);
// The first and last of an index, or null.
box_tuple_t* First(IndexId index);
box_tuple_t* Last(IndexId index);
uint64_t CountOf(IndexId index);

class Scan {
 public:
  Scan(IndexId index, iterator_type type, std::string_view key);
  ~Scan();
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;
  // The next tuple, or null at the end.
  box_tuple_t* Next();

 private:
  const std::string key_;  // the iterator points into it
  box_iterator_t* iterator_;
};

// Undone at the end of its life unless it was committed.
class Transaction {
 public:
  Transaction() : open_(box_txn_begin() == 0) {}
  ~Transaction() { Rollback(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  bool open() const { return open_; }
  absl::Status Insert(uint32_t space, std::string_view tuple);
  absl::Status Replace(uint32_t space, std::string_view tuple);
  // `operations` is encoded; their fields count from 0. The rest of the tuple stays byte by byte.
  absl::Status Update(IndexId index, std::string_view key, std::string_view operations);
  absl::Status Delete(IndexId index, std::string_view key);
  absl::Status SetSequence(uint32_t sequence_id, Sequence value);
  // Yields until it is written and, where there is the space `quorum`, confirmed.
  absl::Status Commit(std::optional<uint32_t> quorum);
  void Rollback();

 private:
  bool open_;
};

}  // namespace mts::tarantool
