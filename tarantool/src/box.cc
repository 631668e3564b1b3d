#include "tarantool/src/box.h"

#include "base/status.h"
#include "base/text.h"
#include "model/msgpack_reader.h"

namespace mts::tarantool {
namespace {

constexpr std::string_view kReadOnly = "this instance is read-only: ask the one that is writable";
constexpr std::string_view kEmptyKey = "\x90";

absl::Status StatusOf(int result) { return result == 0 ? absl::OkStatus() : StatusOfLastError(); }

MsgpackReader::Value FieldOf(box_tuple_t* tuple, uint32_t field) {
  MsgpackReader::Value value;
  const char* const start = box_tuple_field(tuple, field);
  if (start == nullptr) return value;
  const std::string_view bytes = BytesOf(tuple);
  MsgpackReader reader(bytes.substr(static_cast<size_t>(start - bytes.data())));
  reader.Next(value);
  return value;
}

}  // namespace

absl::Status ReadOnlyError() { return absl::UnavailableError(ToAbsl(kReadOnly)); }

bool IsReadOnlyError(const absl::Status& status) { return status.message() == ToAbsl(kReadOnly); }

absl::Status StatusOfLastError() {
  const box_error_t* const error = box_error_last();
  if (error == nullptr) return absl::UnavailableError("Tarantool failed without an error");
  const char* const text = box_error_message(error);
  switch (box_error_code(error)) {
    case ER_READONLY:
      return ReadOnlyError();
    case ER_MEMORY_ISSUE:
    case ER_WAL_IO:
      return absl::ResourceExhaustedError(text);
    case ER_MEMTX_MAX_TUPLE_SIZE:
      return absl::InvalidArgumentError(text);
    default:
      return absl::UnavailableError(text);
  }
}

std::string_view BytesOf(box_tuple_t* tuple) {
  // A tuple lies in one piece; only the pointers to its fields are public.
  const size_t head = box_tuple_field_count(tuple) <= 15 ? 1 : 3;
  return {box_tuple_field(tuple, 0) - head, box_tuple_bsize(tuple)};
}

uint64_t NumberField(box_tuple_t* tuple, uint32_t field) { return FieldOf(tuple, field).number; }
std::string_view TextField(box_tuple_t* tuple, uint32_t field) { return FieldOf(tuple, field).bytes; }

box_tuple_t* Find(IndexId index, std::string_view key) {
  box_tuple_t* tuple = nullptr;
  return box_index_get(index.space, index.index, key.data(), key.data() + key.size(), &tuple) == 0 ? tuple : nullptr;
}

box_tuple_t* First(IndexId index) {
  box_tuple_t* tuple = nullptr;
  const char* const key = kEmptyKey.data();
  return box_index_min(index.space, index.index, key, key + kEmptyKey.size(), &tuple) == 0 ? tuple : nullptr;
}

box_tuple_t* Last(IndexId index) {
  box_tuple_t* tuple = nullptr;
  const char* const key = kEmptyKey.data();
  return box_index_max(index.space, index.index, key, key + kEmptyKey.size(), &tuple) == 0 ? tuple : nullptr;
}

uint64_t CountOf(IndexId index) {
  const ssize_t count = box_index_len(index.space, index.index);
  return count < 0 ? 0 : static_cast<uint64_t>(count);
}

Scan::Scan(IndexId index, iterator_type type, std::string_view key)
    : key_(key),
      iterator_(box_index_iterator(index.space, index.index, type, key_.data(), key_.data() + key_.size())) {}

Scan::~Scan() {
  if (iterator_ != nullptr) box_iterator_free(iterator_);
}

box_tuple_t* Scan::Next() {
  box_tuple_t* tuple = nullptr;
  if (iterator_ == nullptr || box_iterator_next(iterator_, &tuple) != 0) return nullptr;
  return tuple;
}

absl::Status Transaction::Insert(uint32_t space, std::string_view tuple) {
  return StatusOf(box_insert(space, tuple.data(), tuple.data() + tuple.size(), nullptr));
}

absl::Status Transaction::Replace(uint32_t space, std::string_view tuple) {
  return StatusOf(box_replace(space, tuple.data(), tuple.data() + tuple.size(), nullptr));
}

absl::Status Transaction::Update(IndexId index, std::string_view key, std::string_view operations) {
  return StatusOf(box_update(index.space, index.index, key.data(), key.data() + key.size(), operations.data(),
                             operations.data() + operations.size(), /*index_base=*/0, nullptr));
}

absl::Status Transaction::Delete(IndexId index, std::string_view key) {
  return StatusOf(box_delete(index.space, index.index, key.data(), key.data() + key.size(), nullptr));
}

absl::Status Transaction::SetSequence(uint32_t sequence_id, Sequence value) {
  return StatusOf(box_sequence_set(sequence_id, static_cast<int64_t>(value.value())));
}

absl::Status Transaction::Commit(std::optional<uint32_t> quorum) {
  if (quorum.has_value()) MTS_RETURN_IF_ERROR(Replace(*quorum, MakeTuple(uint64_t{1})));
  open_ = false;
  return StatusOf(box_txn_commit());
}

void Transaction::Rollback() {
  if (open_) box_txn_rollback();
  open_ = false;
}

}  // namespace mts::tarantool
