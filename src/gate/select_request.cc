#include "gate/select_request.h"

#include <algorithm>
#include <compare>

#include "base/text.h"
#include "model/msgpack_reader.h"

namespace mts::gate {
namespace {

using iproto::Error;
using iproto::ErrorCode;
using iproto::Iterator;
using Type = MsgpackReader::Type;

bool DecodePart(MsgpackReader& reader, std::string_view type, Key& key) {
  MsgpackReader::Value value;
  if (!reader.Next(value)) return false;
  if (type == "unsigned" && value.type == Type::kUnsigned) {
    key.emplace_back(value.number);
    return true;
  }
  if (type == "string" && value.type == Type::kString) {
    key.emplace_back(std::string(value.bytes));
    return true;
  }
  return false;
}

std::optional<Error> DecodeKey(std::string_view encoded, SelectRequest& request) {
  MsgpackReader reader(encoded);
  MsgpackReader::Value head;
  if (!reader.Next(head) || head.type != Type::kArray) {
    return Error{ErrorCode::kInvalidMsgpack, "Invalid MsgPack - packet body"};
  }
  const std::span<const uint32_t> parts = request.index->parts;
  if (head.number > parts.size()) {
    return Error{ErrorCode::kKeyPartCount,
                 Concat("Invalid key part count (expected [0..", parts.size(), "], got ", head.number, ")")};
  }
  for (uint64_t i = 0; i < head.number; ++i) {
    const std::string_view type = request.space->fields[parts[i]].type;
    if (DecodePart(reader, type, request.key)) continue;
    return Error{ErrorCode::kKeyPartType,
                 Concat("Supplied key type of part ", i, " does not match index part type: expected ", type)};
  }
  return std::nullopt;
}

// The row's key against the request's, as far as that goes.
std::strong_ordering Compare(const Key& row_key, const Key& key) {
  for (size_t i = 0; i < key.size() && i < row_key.size(); ++i) {
    if (const auto order = row_key[i] <=> key[i]; order != 0) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace

std::variant<SelectRequest, Error> DecodeSelect(const iproto::Body& body, bool is_guest) {
  if (!body.space_id) return Error{ErrorCode::kMissingField, "Missing mandatory field 'space id' in request"};
  SelectRequest request;
  request.space = FindSpace(*body.space_id);
  if (request.space == nullptr)
    return Error{ErrorCode::kNoSuchSpace, Concat("Space '#", *body.space_id, "' does not exist")};
  if (is_guest && !request.space->for_guests) {
    return Error{ErrorCode::kAccessDenied,
                 Concat("Read access to space '", request.space->name, "' is denied for user 'guest'")};
  }
  const uint64_t index_id = body.index_id.value_or(0);
  request.index = FindIndex(*request.space, index_id);
  if (request.index == nullptr) {
    return Error{ErrorCode::kNoSuchIndex,
                 Concat("No index #", index_id, " is defined in space '", request.space->name, "'")};
  }
  const uint64_t iterator = body.iterator.value_or(0);
  if (iterator > iproto::kLastIterator) return Error{ErrorCode::kIllegalParameters, "Invalid iterator type"};
  request.iterator = static_cast<Iterator>(iterator);
  if (iterator > static_cast<uint64_t>(Iterator::kGreater)) return UnsupportedIterator(request);
  request.offset = body.offset.value_or(0);
  request.limit = body.limit.value_or(UINT32_MAX);
  if (const auto error = DecodeKey(body.key.value_or(std::string_view("\x90", 1)), request)) return *error;
  // Without a key there is nothing to be equal to or greater than: everything, in one direction or the other.
  if (request.key.empty() && !request.descending()) request.iterator = Iterator::kAll;
  return request;
}

Error UnsupportedIterator(const SelectRequest& request) {
  return Error{ErrorCode::kUnsupported, Concat("Index '", request.index->name, "' (TREE) of space '",
                                               request.space->name, "' does not support requested iterator type")};
}

bool Selects(const SelectRequest& request, const Key& row_key) {
  if (request.key.empty()) return true;
  const auto order = Compare(row_key, request.key);
  switch (request.iterator) {
    case Iterator::kEqual:
    case Iterator::kEqualReversed:
      return order == 0;
    case Iterator::kAll:
    case Iterator::kGreaterOrEqual:
      return order >= 0;
    case Iterator::kGreater:
      return order > 0;
    case Iterator::kLess:
      return order < 0;
    case Iterator::kLessOrEqual:
      return order <= 0;
  }
  return false;
}

}  // namespace mts::gate
