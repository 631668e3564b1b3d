#include "rpc/wire_reader.h"

#include <climits>

namespace mts::rpc {
namespace {

constexpr int kMaxTagBytes = 5;
constexpr int kMaxVarintBytes = 10;
// The generated parsers keep this much slop behind their buffer and refuse lengths that would overflow with it.
constexpr uint64_t kMaxLength = INT_MAX - 16;

}  // namespace

bool WireReader::ReadLongTag(uint32_t& tag) {
  uint64_t value = 0;
  for (int i = 0; i < kMaxTagBytes && at_ < end_; ++i) {
    const auto byte = static_cast<unsigned char>(*at_++);
    value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      tag = static_cast<uint32_t>(value);
      return true;
    }
  }
  return false;
}

bool WireReader::ReadLongVarint(uint64_t& value) {
  uint64_t result = 0;
  for (int i = 0; i < kMaxVarintBytes && at_ < end_; ++i) {
    const auto byte = static_cast<unsigned char>(*at_++);
    result |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      value = result;
      return true;
    }
  }
  return false;
}

bool WireReader::ReadSize(uint64_t& size) {
  size = 0;
  for (int i = 0; i < kMaxTagBytes && at_ < end_; ++i) {
    const auto byte = static_cast<unsigned char>(*at_++);
    size |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) return size <= kMaxLength;
  }
  return false;
}

bool WireReader::SkipField(uint32_t tag, int depth) {
  if (tag >> 3 == 0) return false;
  switch (tag & 7) {
    case kVarint: {
      uint64_t ignored;
      return ReadVarint(ignored);
    }
    case kFixed64:
      return SkipBytes(8);
    case kLength: {
      std::string_view ignored;
      return ReadBytes(ignored);
    }
    case kStartGroup:
      return SkipGroup(tag >> 3, depth - 1);
    case kFixed32:
      return SkipBytes(4);
    default:
      return false;
  }
}

bool WireReader::SkipGroup(uint32_t number, int depth) {
  if (depth < 0) return false;
  while (true) {
    uint32_t tag;
    if (!ReadTag(tag)) return false;
    if (tag == Tag(number, kEndGroup)) return true;
    if (!SkipField(tag, depth)) return false;
  }
}

bool IsWellFormed(std::string_view bytes, int depth) {
  if (depth < 0) return false;
  WireReader reader(bytes);
  while (!reader.AtEnd()) {
    uint32_t tag;
    if (!reader.ReadTag(tag) || !reader.SkipField(tag, depth)) return false;
  }
  return true;
}

}  // namespace mts::rpc
