// Reads the protobuf wire format with exactly the acceptance rules of the generated C++ parsers, over bytes in one
// piece.
//
// Threading: a value, one thread. Errors: every read answers false at the first byte that is not valid; nothing may be
// read after that. Limits: nesting of kMaxDepth below the top-level message; lengths below 2 GiB; no allocation.
#pragma once

#include <cstdint>
#include <string_view>

namespace mts::rpc {

class WireReader {
 public:
  static constexpr int kMaxDepth = 100;

  enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2, kStartGroup = 3, kEndGroup = 4, kFixed32 = 5 };

  static constexpr uint32_t Tag(uint32_t number, WireType type) { return number << 3 | type; }

  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool AtEnd() const { return at_ == end_; }

  bool ReadTag(uint32_t& tag) {
    if (at_ < end_ && static_cast<unsigned char>(*at_) < 0x80) {
      tag = static_cast<unsigned char>(*at_++);
      return true;
    }
    return ReadLongTag(tag);
  }

  bool ReadVarint(uint64_t& value) {
    if (at_ < end_ && static_cast<unsigned char>(*at_) < 0x80) {
      value = static_cast<unsigned char>(*at_++);
      return true;
    }
    return ReadLongVarint(value);
  }

  // A length and as many bytes.
  bool ReadBytes(std::string_view& bytes) {
    uint64_t size = 0;
    if (!ReadSize(size) || size > static_cast<uint64_t>(end_ - at_)) return false;
    bytes = std::string_view(at_, size);
    at_ += size;
    return true;
  }

  // Skips the field behind `tag`, with `depth` further levels allowed. False for an end of group or a number 0.
  bool SkipField(uint32_t tag, int depth);

 private:
  bool ReadLongTag(uint32_t& tag);
  bool ReadLongVarint(uint64_t& value);
  bool ReadSize(uint64_t& size);
  bool SkipGroup(uint32_t number, int depth);
  bool SkipBytes(uint64_t count) {
    if (count > static_cast<uint64_t>(end_ - at_)) return false;
    at_ += count;
    return true;
  }

  const char* at_;
  const char* end_;
};

// True when `bytes` are a well-formed message whose fields are all unknown or need no checking.
bool IsWellFormed(std::string_view bytes, int depth);

}  // namespace mts::rpc
